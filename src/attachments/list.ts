import { asc, eq } from "drizzle-orm";
import type { Context } from "../context.ts";
import { attachments } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import { idOfRef } from "../tickets/read.ts";
import type { Attachment } from "./schemas.ts";

/**
 * The id of the ticket that a path's `:ref` names.
 *
 * @throws AppError `ticket_not_found`, also for a deleted ticket.
 */
export async function ticketIdOf(ctx: Context, ref: string): Promise<number> {
  const { sql, param } = idOfRef(ref);
  const id = await ctx.env.DB.prepare(`SELECT ${sql} AS id`).bind(param).first<number>("id");
  if (id === null) throw new AppError("ticket_not_found");
  return id;
}

/**
 * Everything attached to a ticket, oldest first.
 *
 * @throws AppError `ticket_not_found`.
 */
export async function listAttachments(ctx: Context, ref: string): Promise<Attachment[]> {
  const ticketId = await ticketIdOf(ctx, ref);
  const rows = await ctx.db
    .select()
    .from(attachments)
    .where(eq(attachments.ticket_id, ticketId))
    .orderBy(asc(attachments.id));
  return rows.map(({ object_key: _, created_at, ...row }) => ({
    ...row,
    url: `/api/attachments/${row.id}`,
    created_at,
  }));
}
