import { and, desc, eq, lt } from "drizzle-orm";
import { z } from "zod";
import type { ActorContext, Context } from "../context.ts";
import { contact_history } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { findTicket } from "../tickets/read.ts";
import { findCustomer } from "./read.ts";
import type { ContactHistoryInput } from "./schemas.ts";

const historyColumns = {
  id: contact_history.id,
  ticket_id: contact_history.ticket_id,
  user_id: contact_history.user_id,
  channel: contact_history.channel,
  direction: contact_history.direction,
  summary: contact_history.summary,
  value: contact_history.value,
  created_at: contact_history.created_at,
};

/**
 * A page of what was said between us and a customer, newest first.
 *
 * @throws AppError `customer_unknown`, `invalid_cursor`.
 */
export async function listContactHistory(ctx: Context, customerId: number, query: { limit: number; cursor?: string }) {
  const before = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  await findCustomer(ctx, customerId);
  const rows = await ctx.db
    .select(historyColumns)
    .from(contact_history)
    .where(and(eq(contact_history.customer_id, customerId), before ? lt(contact_history.id, before[0]) : undefined))
    .orderBy(desc(contact_history.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { contact_history: page, next_cursor };
}

/**
 * Notes a contact.
 *
 * @throws AppError `customer_unknown`, `ticket_not_found`.
 */
export async function addContactHistory(ctx: ActorContext, customerId: number, input: ContactHistoryInput) {
  await findCustomer(ctx, customerId);
  const ticket = input.ticket === undefined ? null : await findTicket(ctx, input.ticket);
  const [row] = await ctx.db
    .insert(contact_history)
    .values({
      customer_id: customerId,
      ticket_id: ticket?.id ?? null,
      user_id: ctx.actor.id,
      channel: input.channel,
      direction: input.direction,
      summary: input.summary,
      created_at: ctx.now().toISOString(),
    })
    .returning(historyColumns);
  if (!row) throw new AppError("internal_error");
  return row;
}
