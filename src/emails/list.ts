import { and, asc, desc, eq, lt, sql } from "drizzle-orm";
import type { Context } from "../context.ts";
import { email_history, email_messages, tickets } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { findTicket } from "../tickets/read.ts";
import type { EmailListQuery } from "./schemas.ts";

const messageColumns = {
  id: email_messages.id,
  tracking_id: email_messages.tracking_id,
  ticket_id: tickets.ticket_id,
  template: email_messages.template,
  subject: email_messages.subject,
  user_id: email_messages.user_id,
  created_at: email_messages.created_at,
  sent_at: sql<string | null>`(SELECT MAX(${email_history.sent_at}) FROM ${email_history}
    WHERE ${email_history.tracking_id} = ${email_messages.tracking_id})`,
};

/** A recipient as the API shows them: which column each member comes from. */
export const recipientColumns = {
  id: email_history.id,
  recipient: email_history.recipient,
  recipient_name: email_history.recipient_name,
  status: email_history.status,
  reason: email_history.reason,
  sent_at: email_history.sent_at,
  opened_at: email_history.opened_at,
  open_count: email_history.open_count,
  opened_by: email_history.opened_by,
};

/** The recipients of these sends, in the order they were named. */
function recipientsOf(ctx: Context, trackingIds: string[]) {
  return ctx.db
    .select({ tracking_id: email_history.tracking_id, ...recipientColumns })
    .from(email_history)
    .where(sql`${email_history.tracking_id} IN (SELECT value FROM json_each(${JSON.stringify(trackingIds)}))`)
    .orderBy(asc(email_history.id));
}

/**
 * A page of sends, newest first, each with its recipients (contract section 7).
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listEmails(ctx: Context, query: EmailListQuery) {
  const before = decodeId("emails", query.cursor);
  const ticket = query.ticket === undefined ? null : await findTicket(ctx, query.ticket);
  const rows = await ctx.db
    .select(messageColumns)
    .from(email_messages)
    .innerJoin(tickets, eq(tickets.id, email_messages.ticket_id))
    .where(
      and(
        ticket ? eq(email_messages.ticket_id, ticket.id) : undefined,
        before ? lt(email_messages.id, before) : undefined,
      ),
    )
    .orderBy(desc(email_messages.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("emails", rows, query.limit);
  const recipients =
    page.length === 0
      ? []
      : await recipientsOf(
          ctx,
          page.map((row) => row.tracking_id),
        );
  const bySend = Map.groupBy(recipients, (recipient) => recipient.tracking_id);
  const emails = page.map(({ id: _, ...message }) => {
    const own = (bySend.get(message.tracking_id) ?? []).map(({ tracking_id: _, ...recipient }) => recipient);
    const opened = own.filter(({ opened_by }) => opened_by !== null && opened_by !== "machine");
    return { ...message, recipient_count: own.length, opened_count: opened.length, recipients: own };
  });
  return { emails, next_cursor };
}
