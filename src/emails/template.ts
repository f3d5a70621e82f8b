import { html, raw } from "hono/html";
import type { Template } from "../vocabulary/emails.ts";
import type { Locale } from "../vocabulary/locales.ts";
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

/** Text as HTML, with the line breaks that it has. */
const withBreaks = (text: string) => raw(String(html`${text}`).replaceAll("\n", "<br>"));

const paragraphs = (text: string) =>
  text.split(/\n{2,}/).map((paragraph) => html`<p style="margin:0 0 16px">${withBreaks(paragraph)}</p>\n`);

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
    ([name, value]) => html`<tr><td style="padding:2px 16px 2px 0;color:#5a6472">${name}</td><td>${value}</td></tr>`,
  );
  const page = html`<!doctype html>
<html lang="${content.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${content.subject}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1c2430">
<div style="max-width:600px;margin:0 auto">
${paragraphs(main)}<table role="presentation" style="margin:24px 0;font-size:14px;border-collapse:collapse">${rows}</table>
<p style="margin:32px 0 0;font-size:12px;color:#5a6472">${words.why}
<a href="${content.links.optOut}" style="color:#5a6472">${words.optOut}</a></p>
</div>
<img src="${content.links.pixel}" width="1" height="1" alt="" style="display:block">
</body>
</html>
`;
  const text = `${main}

${facts.map(([name, value]) => `${name}: ${value}`).join("\n")}

--${" "}
${words.why}
${words.optOut}: ${content.links.optOut}
`;
  return { subject: subjectLine(content.ticket.number, content.subject), html: String(page), text };
}
