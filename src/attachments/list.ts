import { and, asc, eq, getTableColumns, gt, sql as raw } from "drizzle-orm";
import type { Context } from "../context.ts";
import { forBuilder } from "../db/fragment.ts";
import { attachments, tickets } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { idOfRef } from "../tickets/read.ts";

const { object_key: _, thumbnail_type, created_at, ...ownColumns } = getTableColumns(attachments);
/** An attachment as the API shows it. */
export const attachmentColumns = {
  ...ownColumns,
  url: raw<string>`'/api/attachments/' || ${attachments.id}`,
  thumbnail_url: raw<
    string | null
  >`iif(${thumbnail_type} IS NULL, NULL, '/api/attachments/' || ${attachments.id} || '/thumbnail')`,
  created_at,
};

/**
 * A page of what is attached to a ticket, oldest first.
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listAttachments(ctx: Context, ref: string, query: { limit: number; cursor?: string }) {
  const after = decodeId("attachments", query.cursor);
  const ticket = forBuilder(idOfRef(ref));
  const [known, rows] = await ctx.db.batch([
    ctx.db.select({ id: tickets.id }).from(tickets).where(eq(tickets.id, ticket)),
    ctx.db
      .select(attachmentColumns)
      .from(attachments)
      .where(and(eq(attachments.ticket_id, ticket), after ? gt(attachments.id, after) : undefined))
      .orderBy(asc(attachments.id))
      .limit(query.limit + 1),
  ]);
  if (known.length === 0) throw new AppError("ticket_not_found");
  const { page, next_cursor } = paginateById("attachments", rows, query.limit);
  return { attachments: page, next_cursor };
}
