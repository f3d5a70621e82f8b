import type { Context } from "../context.ts";
import { enqueue } from "../deliveries/outbox.ts";
import type { Template } from "../vocabulary/emails.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { addressDigest, newToken } from "./links.ts";
import { optedOut } from "./wishes.ts";

/** One send: a message to one or more recipients about one ticket. */
export interface Send {
  tracking_id: string;
  ticket_id: number;
  /** Who wrote it; null for news. */
  user_id: number | null;
  template: Template;
  subject: string;
  body: string | null;
  origin: string;
  /** For news: whom they are for. The ticket must be theirs still when they are written, and their address want them. */
  customer_id?: number;
  /** Addresses in lower case, each once. */
  recipients: { email: string; name: string | null; language: Locale | null }[];
}

// A recipient is the customer whom the send names, else the one of the ticket when the address is theirs, else the
// first who has it.
const INSERT_RECIPIENTS = `
  INSERT INTO email_history (tracking_id, token, recipient, recipient_name, customer_id, language, status, reason, created_at)
  SELECT m.tracking_id, r.value ->> 'token', r.value ->> 'email', r.value ->> 'name', c.id,
         COALESCE(c.language, r.value ->> 'language'),
         iif(r.unwanted, 'suppressed', 'queued'), iif(r.unwanted, 'opted_out', NULL), m.created_at
  FROM (SELECT i.key, i.value, ${optedOut("i.value ->> 'email'", "i.value ->> 'digest'")} AS unwanted
        FROM json_each(?) i) r
  JOIN email_messages m ON m.tracking_id = ?
  JOIN tickets t ON t.id = m.ticket_id
  LEFT JOIN customers c ON c.id = COALESCE(?,
    (SELECT cm.customer_id FROM contact_methods cm
     WHERE cm.kind = 'email' AND cm.value = r.value ->> 'email'
     ORDER BY cm.customer_id = t.customer_id DESC, cm.customer_id LIMIT 1))
  ORDER BY r.key`;

/**
 * The statements of one send, for a batch: the message, a row per recipient, a delivery per recipient that wants mail.
 * NOT NULL refuses the batch: of `email_messages.ticket_id` when the ticket is gone, or no longer its customer's, of
 * `email_messages.tracking_id` when news are not wanted. The last one returns rows `{id}` of deliveries.
 */
export function queueSend(ctx: Context, send: Send): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const recipients = send.recipients.map((recipient) => ({
    ...recipient,
    language: recipient.language ?? ctx.env.DEFAULT_LOCALE,
    token: newToken(),
    digest: addressDigest(recipient.email),
  }));
  const customer = send.customer_id ?? null;
  const [reader] = recipients;
  const isNews = customer !== null && reader !== undefined;
  return [
    DB.prepare(
      `INSERT INTO email_messages (ticket_id, tracking_id, user_id, template, subject, body, origin, created_at)
       VALUES ((SELECT t.id FROM tickets t LEFT JOIN customers c ON c.id = t.customer_id
                WHERE t.id = ? AND t.deleted_at IS NULL AND (? IS NULL OR (c.id = ? AND c.archived_at IS NULL))),
               ${isNews ? `iif(${optedOut("?", "?")}, NULL, ?)` : "?"}, ?, ?, ?, ?, ?, ?)`,
    ).bind(
      send.ticket_id,
      customer,
      customer,
      // The digest comes first, as it does there.
      ...(isNews ? [reader.digest, reader.email] : []),
      send.tracking_id,
      send.user_id,
      send.template,
      send.subject,
      send.body,
      send.origin,
      ctx.now().toISOString(),
    ),
    DB.prepare(INSERT_RECIPIENTS).bind(JSON.stringify(recipients), send.tracking_id, customer),
    enqueue(
      ctx,
      `SELECT 'email' AS channel, 'email:' || h.id AS target, 'ticket:' || m.ticket_id AS subject,
              'email.' || m.template AS event_type, json_object('email_id', h.id) AS payload
       FROM email_history h JOIN email_messages m ON m.tracking_id = h.tracking_id
       WHERE h.tracking_id = ? AND h.status = 'queued'`,
      [send.tracking_id],
    ),
  ];
}
