import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Context } from "../context.ts";
import { forBuilder } from "../db/fragment.ts";
import { jsonObjectText } from "../db/json.ts";
import { email_history, email_messages, tickets } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { idOfRef } from "../tickets/read.ts";
import type { EmailListQuery, EmailRecipient } from "./schemas.ts";

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
const recipientColumns = {
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

/** SQL for the recipients of a send as JSON, in the order they were named. @param trackingId SQL for the send's. */
export const recipientsOf = (trackingId: string): string => `(
  SELECT json_group_array(json(h.email))
  FROM (SELECT ${jsonObjectText(recipientColumns)} AS email FROM email_history
        WHERE tracking_id = ${trackingId} ORDER BY id) h)`;

/**
 * A page of sends, newest first, each with its recipients (contract section 7).
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listEmails(ctx: Context, query: EmailListQuery) {
  const before = decodeId("emails", query.cursor);
  const ticket = query.ticket === undefined ? undefined : forBuilder(idOfRef(query.ticket));
  const [known, rows] = await ctx.db.batch([
    ctx.db
      .select({ id: tickets.id })
      .from(tickets)
      .where(ticket ? eq(tickets.id, ticket) : sql`false`),
    ctx.db
      .select({ ...messageColumns, recipients: sql<string>`${sql.raw(recipientsOf("email_messages.tracking_id"))}` })
      .from(email_messages)
      .innerJoin(tickets, eq(tickets.id, email_messages.ticket_id))
      .where(
        and(
          ticket ? eq(email_messages.ticket_id, ticket) : undefined,
          before ? lt(email_messages.id, before) : undefined,
        ),
      )
      .orderBy(desc(email_messages.id))
      .limit(query.limit + 1),
  ]);
  if (ticket && known.length === 0) throw new AppError("ticket_not_found");
  const { page, next_cursor } = paginateById("emails", rows, query.limit);
  const emails = page.map(({ id: _, ...message }) => {
    const own = JSON.parse(message.recipients) as EmailRecipient[];
    const opened = own.filter(({ opened_by }) => opened_by !== null && opened_by !== "machine");
    return { ...message, recipient_count: own.length, opened_count: opened.length, recipients: own };
  });
  return { emails, next_cursor };
}
