import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import { deliveries, delivery_attempts, tickets } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import type { Channel } from "../vocabulary/channels.ts";
import { announceEnqueued } from "./outbox.ts";
import { type DeliveryListQuery, TRIES_SHOWN } from "./schemas.ts";

/** A delivery as a list shows it: which column each member comes from. */
export const deliveryColumns = {
  id: deliveries.id,
  channel: deliveries.channel,
  target: deliveries.target,
  subject: deliveries.subject,
  event_type: deliveries.event_type,
  status: deliveries.status,
  attempts: deliveries.attempts,
  next_attempt_at: deliveries.next_attempt_at,
  last_error: deliveries.last_error,
  created_at: deliveries.created_at,
  updated_at: deliveries.updated_at,
  completed_at: deliveries.completed_at,
};

// Every job of a ticket has the subject `ticket:<id>`, alone or followed by '/...'; '0' is what follows '/' in ASCII.
function aboutTicket(ref: string): SQL {
  const id = /^[0-9]{1,15}$/.test(ref)
    ? sql`CAST(${Number(ref)} AS INTEGER)`
    : sql`(SELECT ${tickets.id} FROM ${tickets} WHERE ${tickets.ticket_id} = ${ref.toUpperCase()})`;
  return sql`(${deliveries.subject} = 'ticket:' || ${id}
    OR (${deliveries.subject} >= 'ticket:' || ${id} || '/' AND ${deliveries.subject} < 'ticket:' || ${id} || '0'))`;
}

// The plus keeps SQLite from the indexes that begin with the channel: of most of the table it would sort all to show a
// page. What waits or has failed is little, and found by its own index.
const ofChannel = (channel: Channel, status: DeliveryListQuery["status"]): SQL =>
  status === undefined || status === "completed"
    ? sql`+${deliveries.channel} = ${channel}`
    : eq(deliveries.channel, channel);

/**
 * A page of deliveries, newest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listDeliveries(ctx: Context, query: DeliveryListQuery) {
  const before = decodeId("deliveries", query.cursor);
  const rows = await ctx.db
    .select(deliveryColumns)
    .from(deliveries)
    .where(
      and(
        query.channel ? ofChannel(query.channel, query.status) : undefined,
        query.status ? eq(deliveries.status, query.status) : undefined,
        query.subject ? eq(deliveries.subject, query.subject) : undefined,
        query.ticket ? aboutTicket(query.ticket) : undefined,
        before ? lt(deliveries.id, before) : undefined,
      ),
    )
    .orderBy(desc(deliveries.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("deliveries", rows, query.limit);
  return { deliveries: page, next_cursor };
}

/**
 * One delivery with its payload and its newest tries, oldest of them first.
 *
 * @throws AppError `delivery_not_found`.
 */
export async function getDelivery(ctx: Context, id: number) {
  const [[delivery], tries] = await ctx.db.batch([
    ctx.db
      .select({ ...deliveryColumns, payload: deliveries.payload })
      .from(deliveries)
      .where(eq(deliveries.id, id)),
    ctx.db
      .select({
        attempt: delivery_attempts.attempt,
        started_at: delivery_attempts.started_at,
        duration_ms: delivery_attempts.duration_ms,
        http_status: delivery_attempts.http_status,
        error: delivery_attempts.error,
        response: delivery_attempts.response,
      })
      .from(delivery_attempts)
      .where(eq(delivery_attempts.delivery_id, id))
      .orderBy(desc(delivery_attempts.id))
      .limit(TRIES_SHOWN),
  ]);
  if (!delivery) throw new AppError("delivery_not_found");
  return { ...delivery, payload: JSON.parse(delivery.payload) as unknown, tries: tries.reverse() };
}

const RETRIED = selectAnswer("delivery", deliveryColumns, "deliveries WHERE id = ? AND status <> 'processing'");

/**
 * Sends a delivery once more, now, from the first try of its schedule and under the same id. Once per idempotency key.
 *
 * @returns 202 with `{"delivery": ...}`.
 * @throws AppError `delivery_not_found`, `delivery_in_progress`, `idempotency_key_reused`, `database_unavailable`.
 */
export function retryDelivery(ctx: ActorContext, id: number, record: IdempotencyRecord | null): Promise<Answer> {
  return exactlyOnce(ctx, record, async () => {
    const now = ctx.now().toISOString();
    const results = await ctx.env.DB.batch<{ headers?: string; body?: string }>([
      ctx.env.DB.prepare(
        `UPDATE deliveries SET status = 'pending', attempts = 0, next_attempt_at = ?, completed_at = NULL,
           last_error = NULL, updated_at = ?
         WHERE id = ? AND status <> 'processing' RETURNING id`,
      ).bind(now, now, id),
      answerStatement(ctx, record, 202, RETRIED, [id]),
    ]);
    if (results[0]?.results.length) {
      announceEnqueued(ctx, results);
      return answerFromBatch(202, results);
    }
    const known = await ctx.env.DB.prepare("SELECT 1 FROM deliveries WHERE id = ?").bind(id).first();
    throw new AppError(known ? "delivery_in_progress" : "delivery_not_found");
  });
}
