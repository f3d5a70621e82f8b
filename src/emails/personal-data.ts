import { and, asc, eq, inArray, isNull, or } from "drizzle-orm";
import type { Context } from "../context.ts";
import { contact_methods, email_history, email_messages, tickets } from "../db/schema.ts";

/** Mails that an export holds at most. */
const EXPORT_ROWS = 10_000;

/** E-mails sent to a customer, with their texts. Also those to an address of theirs that nobody knew as theirs. */
export function exportEmails(ctx: Context, customerId: number) {
  const addresses = ctx.db
    .select({ value: contact_methods.value })
    .from(contact_methods)
    .where(and(eq(contact_methods.customer_id, customerId), eq(contact_methods.kind, "email")));
  return ctx.db
    .select({
      ticket_id: tickets.ticket_id,
      recipient: email_history.recipient,
      recipient_name: email_history.recipient_name,
      subject: email_messages.subject,
      body: email_messages.body,
      status: email_history.status,
      created_at: email_history.created_at,
      sent_at: email_history.sent_at,
      opened_at: email_history.opened_at,
      open_count: email_history.open_count,
    })
    .from(email_history)
    .innerJoin(email_messages, eq(email_messages.tracking_id, email_history.tracking_id))
    .innerJoin(tickets, eq(tickets.id, email_messages.ticket_id))
    .where(
      or(
        eq(email_history.customer_id, customerId),
        and(isNull(email_history.customer_id), inArray(email_history.recipient, addresses)),
      ),
    )
    .orderBy(asc(email_history.id))
    .limit(EXPORT_ROWS);
}

/**
 * Statements that remove what the e-mails hold about a customer, for the batch that erases them and before their
 * contact methods go: rows with their addresses, messages that nobody else got, numbers on their way to a webhook, and
 * addresses in stored answers. An opt-out stays: it is a digest.
 */
export function eraseEmails(ctx: Context, customerId: number): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const addresses = "SELECT value FROM contact_methods WHERE customer_id = ?1 AND kind = 'email'";
  const notifications = `
    SELECT d.id FROM contact_history h
    JOIN deliveries d ON d.subject >= 'ticket:' || h.ticket_id || '/customer:' || h.customer_id || '/'
                     AND d.subject < 'ticket:' || h.ticket_id || '/customer:' || h.customer_id || '0'
    WHERE h.customer_id = ?1 AND d.event_type = 'customer.notify'`;
  return [
    `DELETE FROM delivery_attempts WHERE delivery_id IN (${notifications})`,
    `DELETE FROM deliveries WHERE id IN (${notifications})`,
    `UPDATE idempotency_keys
     SET body = json_object('tracking_id', body ->> 'tracking_id', 'emails', json('[]'))
     WHERE route GLOB 'POST /api/tickets/*/emails' AND EXISTS (
       SELECT 1 FROM (${addresses}) a WHERE instr(body, json_quote(a.value)) > 0)`,
    `DELETE FROM email_history
     WHERE customer_id = ?1 OR (customer_id IS NULL AND recipient IN (${addresses}))`,
  ]
    .map((statement) => DB.prepare(statement).bind(customerId))
    .concat(
      DB.prepare(
        `DELETE FROM email_messages
         WHERE NOT EXISTS (SELECT 1 FROM email_history h WHERE h.tracking_id = email_messages.tracking_id)`,
      ),
    );
}
