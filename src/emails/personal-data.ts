import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { Context } from "../context.ts";
import { email_history, email_messages, tickets } from "../db/schema.ts";

// Also those that were taken from them since: mails went there.
const ADDRESSES = `
  SELECT value FROM contact_methods WHERE customer_id = ?1 AND kind = 'email'
  UNION SELECT recipient FROM email_history WHERE customer_id = ?1`;
// The e-mails that are customer `?1`'s: sent to them, or to an address of theirs, now or before, from when nobody knew it
// as theirs. Spelled as two ranges, so that each reads an index.
const MAILS = `
  SELECT id FROM email_history WHERE customer_id = ?1
  UNION SELECT id FROM email_history WHERE recipient IN (${ADDRESSES}) AND customer_id IS NULL`;

/**
 * A query of the e-mails that are a customer's, with their texts. Oldest first.
 *
 * @param after only those with a greater id, at most `count`.
 */
export function selectEmails(ctx: Context, customerId: number, after: number, count: number) {
  const theirs = sql.join(
    MAILS.split("?1").map((text) => sql.raw(text)),
    sql`${customerId}`,
  );
  return ctx.db
    .select({
      id: email_history.id,
      ticket_id: tickets.ticket_id,
      recipient: email_history.recipient,
      recipient_name: email_history.recipient_name,
      subject: email_messages.subject,
      body: email_messages.body,
      status: email_history.status,
      reason: email_history.reason,
      created_at: email_history.created_at,
      sent_at: email_history.sent_at,
      opened_at: email_history.opened_at,
      open_count: email_history.open_count,
      opened_by: email_history.opened_by,
    })
    .from(email_history)
    .innerJoin(email_messages, eq(email_messages.tracking_id, email_history.tracking_id))
    .innerJoin(tickets, eq(tickets.id, email_messages.ticket_id))
    .where(and(gt(email_history.id, after), sql`${email_history.id} IN (${theirs})`))
    .orderBy(asc(email_history.id))
    .limit(count);
}

const NOTIFICATIONS = `
  SELECT d.id FROM contact_history h
  JOIN deliveries d ON d.subject >= 'ticket:' || h.ticket_id || '/customer:' || h.customer_id || '/'
                   AND d.subject < 'ticket:' || h.ticket_id || '/customer:' || h.customer_id || '0'
  WHERE d.event_type = 'customer.notify' AND h.customer_id`;

/**
 * SQL that removes what notifications hold about customer `?1`, under a further condition, before their contact history
 * goes: numbers on their way to a webhook.
 *
 * @param condition SQL that mentions `?1`.
 */
export function forgetNotifications(condition: string): string[] {
  // Nobody, where the condition does not hold: then nothing is looked for either.
  const theirs = `${NOTIFICATIONS} = (SELECT ?1 WHERE ${condition})`;
  return [
    `DELETE FROM delivery_attempts WHERE delivery_id IN (${theirs})`,
    `DELETE FROM deliveries WHERE id IN (${theirs})`,
  ];
}

/**
 * SQL that removes what e-mails hold about customer `?1`, under a further condition, before their contact methods go:
 * addresses in stored answers, the words of messages that nobody else got, rows with their addresses. An opt-out stays:
 * it is a digest.
 *
 * @param condition SQL that mentions `?1`.
 */
export const forgetEmails = (condition: string): string[] => [
  // Naming every user makes the records' key usable, which begins with them.
  `UPDATE idempotency_keys SET body = json_object('tracking_id', body ->> 'tracking_id', 'emails', json('[]'))
   WHERE user_id IN (SELECT id FROM users) AND route > 'POST /api/tickets/' AND route < 'POST /api/tickets0'
     AND route GLOB '*/emails' AND ${condition}
     AND (EXISTS (SELECT 1 FROM contact_methods
                  WHERE customer_id = ?1 AND kind = 'email' AND instr(body, json_quote(value)) > 0)
          OR EXISTS (SELECT 1 FROM email_history WHERE customer_id = ?1 AND instr(body, json_quote(recipient)) > 0))`,
  `UPDATE email_messages SET subject = 'erased', body = iif(template = 'message', 'erased', NULL)
   WHERE tracking_id IN (SELECT tracking_id FROM email_history WHERE id IN (${MAILS})) AND ${condition}
     AND NOT EXISTS (SELECT 1 FROM email_history h
                     WHERE h.tracking_id = email_messages.tracking_id AND h.id NOT IN (${MAILS}))`,
  `DELETE FROM email_history WHERE id IN (${MAILS}) AND ${condition}`,
];
