import { type Claim, type DeliveryContext, type Outcome, referencedIdSql } from "../deliveries/job.ts";
import { maxAttempts } from "../deliveries/schedule.ts";
import { noteTold } from "../tickets/entries.ts";
import type { EmailStatus, Template } from "../vocabulary/emails.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { optOutUrl, pixelUrl } from "./links.ts";
import { type Mail, type MailResult, sendMail } from "./mailer.ts";
import { renderMail } from "./template.ts";
import { duringQuietHours, refusedByCustomer } from "./wishes.ts";

interface Row {
  id: number;
  token: string;
  recipient: string;
  recipient_name: string | null;
  customer_id: number | null;
  language: Locale;
  status: string;
  reason: string | null;
  template: Template;
  subject: string;
  body: string | null;
  origin: string;
  ticket_id: number;
  user_id: number | null;
  ticket_number: string;
  title: string;
  machine_name: string;
  /** Message ids of earlier mails of this ticket to this address, oldest first, with a space between. */
  earlier: string | null;
  /** A customer who has the address allows no e-mail. */
  unwanted: number;
  /** For news: whether the ticket is still there and still the customer's. */
  concerned: number;
  quiet_from: string | null;
  quiet_until: string | null;
}

/** Message ids that a mail refers to at most: enough for any mail program, well below the length of a header line. */
const REFERENCES = 5;

// CROSS JOIN keeps the order of the loops: a ticket has few mails, a person may have got thousands.
const EARLIER = `
  SELECT group_concat(message_id, ' ') FROM (
    SELECT message_id FROM (
      SELECT p.id, p.message_id FROM email_messages pm
      CROSS JOIN email_history p ON p.recipient = h.recipient AND p.tracking_id = pm.tracking_id
      WHERE pm.ticket_id = m.ticket_id AND p.message_id IS NOT NULL
      ORDER BY p.id DESC LIMIT ${REFERENCES}) ORDER BY id)`;
const CONCERNED = "t.deleted_at IS NULL AND t.customer_id IS c.id AND c.archived_at IS NULL";

/** SQL for what a try to send an e-mail knows, over the row `deliveries`: a `Row`. */
export const MAIL_NEEDS = `
  SELECT json_object('id', h.id, 'token', h.token, 'recipient', h.recipient, 'recipient_name', h.recipient_name,
                     'customer_id', h.customer_id, 'language', h.language, 'status', h.status, 'reason', h.reason,
                     'template', m.template, 'subject', m.subject, 'body', m.body, 'origin', m.origin,
                     'ticket_id', m.ticket_id, 'user_id', m.user_id, 'ticket_number', t.ticket_id, 'title', t.title,
                     'machine_name', ma.name, 'earlier', (${EARLIER}), 'unwanted', ${refusedByCustomer("h.recipient")},
                     'concerned', m.template = 'message' OR (${CONCERNED}),
                     'quiet_from', pr.quiet_from, 'quiet_until', pr.quiet_until)
  FROM email_history h
  JOIN email_messages m ON m.tracking_id = h.tracking_id
  JOIN tickets t ON t.id = m.ticket_id
  JOIN machines ma ON ma.id = t.machine_id
  LEFT JOIN customers c ON c.id = h.customer_id
  LEFT JOIN contact_preferences pr ON pr.customer_id = h.customer_id AND m.template <> 'message'
  WHERE h.id = ${referencedIdSql("deliveries.target")}`;

/**
 * The headers that put every mail of a ticket into one conversation (RFC 5322 section 3.6.4) and let the recipient opt
 * out with one click (RFC 8058). The mail service makes the Message-ID itself; the ticket's own one stands for the
 * beginning, so that even the first two mails belong together.
 */
function headers(ctx: DeliveryContext, row: Row): Record<string, string> {
  const root = `<${row.ticket_number.toLowerCase()}@${ctx.env.EMAIL_FROM.email.split("@").at(-1)}>`;
  const earlier = (row.earlier ?? "").split(" ").filter((id) => /^<[^<>\s]{3,200}>$/.test(id));
  const optOut = optOutUrl(ctx.env, row.origin, row.token);
  return {
    References: [root, ...earlier].join(" "),
    "In-Reply-To": earlier.at(-1) ?? root,
    // Nobody's holiday notice answers a machine (RFC 3834 section 5).
    ...(row.template !== "message" && { "Auto-Submitted": "auto-generated" }),
    // The mail service refuses a mail that offers one-click opt-out over http.
    ...(optOut.startsWith("https:") && {
      "List-Unsubscribe": `<${optOut}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }),
  };
}

/** A name as it may stand in a header: on one line. Customers' names were not always written for that. */
function headerName(name: string | null): string | null {
  return name?.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim() || null;
}

function mail(ctx: DeliveryContext, row: Row): Mail {
  const name = headerName(row.recipient_name);
  const content = renderMail({
    language: row.language,
    template: row.template,
    subject: row.subject,
    body: row.body,
    recipient_name: name,
    ticket: { number: row.ticket_number, title: row.title, machine_name: row.machine_name },
    links: { pixel: pixelUrl(row.origin, row.token), optOut: optOutUrl(ctx.env, row.origin, row.token) },
  });
  return { ...content, to: { email: row.recipient, name }, headers: headers(ctx, row) };
}

// What has been sent stays sent: a state only moves forward.
const setStatus = (
  ctx: DeliveryContext,
  row: Row,
  status: Extract<EmailStatus, "failed" | "suppressed">,
  reason: string,
) =>
  ctx.env.DB.prepare("UPDATE email_history SET status = ?, reason = ? WHERE id = ? AND status <> 'sent'").bind(
    status,
    reason,
    row.id,
  );

/** What the timeline calls the contents of a mail. */
const eventOf = ({ template }: Row): string => (template === "message" ? "email.message" : `ticket.${template}`);

/** The row, the customer's contact history and, for news, the timeline say that it went out. */
function sentEffects(ctx: DeliveryContext, row: Row, messageId: string | null): D1PreparedStatement[] {
  const now = ctx.now().toISOString();
  const message_id = messageId === null || messageId.startsWith("<") ? messageId : `<${messageId}>`;
  const effects = [
    ctx.env.DB.prepare(
      "UPDATE email_history SET status = 'sent', sent_at = ?, message_id = ?, reason = NULL WHERE id = ? AND status <> 'sent'",
    ).bind(now, message_id, row.id),
  ];
  if (row.customer_id !== null) {
    // From the row as it is when this is written: a person who was erased while the mail left stays erased.
    effects.push(
      ctx.env.DB.prepare(
        `INSERT INTO contact_history (customer_id, ticket_id, user_id, channel, direction, summary, value, created_at)
         SELECT customer_id, ?, ?, 'email', 'outbound', ?, recipient, ? FROM email_history WHERE id = ?`,
      ).bind(row.ticket_id, row.user_id, row.subject, now, row.id),
    );
  }
  if (row.template !== "message")
    effects.push(noteTold(ctx, row.ticket_id, "notified", { event: eventOf(row), comment: "email" }));
  return effects;
}

const suppressed = (ctx: DeliveryContext, row: Row, reason: string): Outcome => ({
  result: "delivered",
  response: reason,
  effects: [setStatus(ctx, row, "suppressed", reason)],
});

const failed = (ctx: DeliveryContext, row: Row, reason: string): D1PreparedStatement[] => [
  setStatus(ctx, row, "failed", reason),
  noteTold(ctx, row.ticket_id, "notification_failed", { event: eventOf(row), comment: reason }),
];

function outcome(ctx: DeliveryContext, row: Row, attempts: number, result: MailResult): Outcome {
  if (result.result === "sent") return { result: "delivered", effects: sentEffects(ctx, row, result.message_id) };
  const { reason } = result;
  if (reason === "E_RECIPIENT_SUPPRESSED") {
    return { result: "failed", error: reason, effects: [setStatus(ctx, row, "suppressed", reason)] };
  }
  if (result.result === "permanent") return { result: "failed", error: reason, effects: failed(ctx, row, reason) };
  const last = attempts >= maxAttempts("email");
  return {
    result: "retry",
    error: reason,
    retryAfterSeconds: result.retryAfterSeconds,
    effects: last ? failed(ctx, row, reason) : [],
  };
}

/**
 * Makes one try to send one e-mail. What is in its row decides: a mail that has left is not sent again, an address that
 * has opted out since gets none. News also wait for the end of quiet hours that have begun since, and are dropped when
 * the ticket is no longer the customer's.
 */
export async function sendQueuedEmail(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const row = job.found as Row | null;
  if (!row) return { result: "failed", error: "the recipient has been erased" };
  if (row.status === "sent") return { result: "delivered", response: "sent before" };
  if (!row.concerned) return suppressed(ctx, row, "not_concerned");
  if (row.status === "suppressed") return { result: "delivered", response: row.reason };
  if (row.unwanted) return suppressed(ctx, row, "opted_out");
  const later = duringQuietHours(ctx, row);
  if (later) return later;
  const result = await ctx.connections(() => sendMail(ctx, mail(ctx, row)));
  return outcome(ctx, row, job.attempts, result);
}
