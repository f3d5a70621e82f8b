import { and, asc, eq, gt } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { attachments } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { idOfRef } from "../tickets/read.ts";

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
 * A page of what is attached to a ticket, oldest first.
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listAttachments(ctx: Context, ref: string, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const ticketId = await ticketIdOf(ctx, ref);
  const rows = await ctx.db
    .select()
    .from(attachments)
    .where(and(eq(attachments.ticket_id, ticketId), after ? gt(attachments.id, after[0]) : undefined))
    .orderBy(asc(attachments.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  const shown = page.map(({ object_key: _, created_at, ...row }) => ({
    ...row,
    url: `/api/attachments/${row.id}`,
    created_at,
  }));
  return { attachments: shown, next_cursor };
}
