import type { Locale } from "../problem.ts";
import type { Template } from "./schemas.ts";
import { EMAIL_WORDS } from "./words.ts";

/** What one e-mail is made of. All texts are plain: whatever a person typed is escaped here, and here only. */
export interface MailContent {
  language: Locale;
  template: Template;
  subject: string;
  /** What a person wrote; null for news, which have words of their own. */
  body: string | null;
  recipient_name: string | null;
  ticket: { number: string; title: string; machine_name: string };
  links: { pixel: string; optOut: string };
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

const paragraphs = (text: string): string =>
  text
    .split(/\n{2,}/)
    .map((paragraph) => `<p style="margin:0 0 16px">${escapeHtml(paragraph).replaceAll("\n", "<br>")}</p>`)
    .join("\n");

/** The subject of an e-mail about a ticket: its number first, so that people and mail programs find it. */
export const subjectLine = (number: string, subject: string): string =>
  new RegExp(`(?<![\\w-])${number}(?!\\d)`).test(subject) ? subject : `[${number}] ${subject}`;

/**
 * Puts an e-mail into words, as HTML and as text with the same content (RFC 2046 section 5.1.4).
 * The HTML holds no script, no style sheet and no image but the pixel.
 */
export function renderMail(content: MailContent): { subject: string; html: string; text: string } {
  const words = EMAIL_WORDS[content.language];
  const main =
    content.template === "message"
      ? (content.body ?? "").replace(/\r\n?/g, "\n")
      : `${words.greeting(content.recipient_name)}\n\n${words.news[content.template].text}`;
  const facts = [
    [words.ticket, content.ticket.number],
    [words.title, content.ticket.title],
    [words.machine, content.ticket.machine_name],
  ] as const;
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding:2px 16px 2px 0;color:#5a6472">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
  );
  const html = `<!doctype html>
<html lang="${content.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(content.subject)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1c2430">
<div style="max-width:600px;margin:0 auto">
${paragraphs(main)}
<table role="presentation" style="margin:24px 0;font-size:14px;border-collapse:collapse">${rows.join("")}</table>
<p style="margin:32px 0 0;font-size:12px;color:#5a6472">${escapeHtml(words.why)}
<a href="${escapeHtml(content.links.optOut)}" style="color:#5a6472">${escapeHtml(words.optOut)}</a></p>
</div>
<img src="${escapeHtml(content.links.pixel)}" width="1" height="1" alt="" style="display:block">
</body>
</html>
`;
  const text = `${main}

${facts.map(([name, value]) => `${name}: ${value}`).join("\n")}

--${" "}
${words.why}
${words.optOut}: ${content.links.optOut}
`;
  return { subject: subjectLine(content.ticket.number, content.subject), html, text };
}
