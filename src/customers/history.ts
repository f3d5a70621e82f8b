import { and, desc, eq, lt } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { contact_history } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { idOfRef } from "../tickets/read.ts";
import { aboutCustomer, findChangeable } from "./read.ts";
import type { ContactHistoryInput } from "./schemas.ts";

/** An entry as the API shows it: which column each member comes from. */
export const historyColumns = {
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
  const before = decodeId("contact_history", query.cursor);
  const entries = ctx.db
    .select(historyColumns)
    .from(contact_history)
    .where(and(eq(contact_history.customer_id, customerId), before ? lt(contact_history.id, before) : undefined))
    .orderBy(desc(contact_history.id))
    .limit(query.limit + 1);
  const rows = await aboutCustomer(ctx, customerId, entries);
  const { page, next_cursor } = paginateById("contact_history", rows, query.limit);
  return { contact_history: page, next_cursor };
}

const SELECT_ENTRY = selectAnswer(
  "entry",
  historyColumns,
  `contact_history WHERE id = ${newestId("contact_history")}`,
  "'location', '/api/customers/' || customer_id || '/contact-history'",
);

/**
 * Notes a contact, once per idempotency key.
 *
 * @returns 201 with `{"entry": ...}`.
 * @throws AppError `customer_unknown`, `customer_erased`, `ticket_not_found`, `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export async function addContactHistory(
  ctx: ActorContext,
  customerId: number,
  input: ContactHistoryInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const ticket = input.ticket === undefined ? { sql: "NULL", params: [] } : idOfRef(input.ticket);
  return batchOnce(ctx, record, {
    status: 201,
    statements: [
      // Where the customer is gone, or there is no such ticket, there is no id, and NOT NULL undoes the batch.
      ctx.env.DB.prepare(
        `INSERT INTO contact_history (customer_id, ticket_id, user_id, channel, direction, summary, created_at)
         SELECT (SELECT id FROM customers WHERE id = ? AND erased_at IS NULL AND (about.id IS NOT NULL OR ?)),
                about.id, ?, ?, ?, ?, ?
         FROM (SELECT ${ticket.sql} AS id) about`,
      ).bind(
        customerId,
        Number(input.ticket === undefined),
        ctx.actor.id,
        input.channel,
        input.direction,
        input.summary,
        ctx.now().toISOString(),
        ...ticket.params,
      ),
    ],
    select: SELECT_ENTRY,
    refusal: async (error) => {
      if (!isNotNullViolation(error, "contact_history.customer_id")) return null;
      await findChangeable(ctx, customerId);
      return "ticket_not_found";
    },
  });
}
