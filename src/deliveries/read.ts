import { desc, eq } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { type BoundedPage, type BoundedRow, pageOf, selectPage } from "../db/bounded-page.ts";
import type { Fragment } from "../db/fragment.ts";
import { jsonObjectText, selectAnswer } from "../db/json.ts";
import { deliveries, delivery_attempts } from "../db/schema.ts";
import { decodeId, encodeCursor } from "../http/cursor.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import type { DeliveryStatus } from "../vocabulary/deliveries.ts";
import { announceEnqueued } from "./outbox.ts";
import { type Delivery, type DeliveryListQuery, TRIES_SHOWN } from "./schemas.ts";

type Access = Pick<BoundedPage, "scans" | "tests" | "small" | "filters">;

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

/**
 * Whether a row of `deliveries` is about this ticket. Every job of one has the subject `ticket:<id>`, alone or followed by
 * '/...'; '0' is what follows '/' in ASCII.
 *
 * @param ref number or id.
 */
export function aboutTicket(ref: string): Fragment {
  const isId = /^[0-9]{1,15}$/.test(ref);
  const id = isId ? "CAST(? AS INTEGER)" : "(SELECT id FROM tickets WHERE ticket_id = ?)";
  const param = isId ? Number(ref) : ref.toUpperCase();
  return {
    sql: `(subject = 'ticket:' || ${id} OR (subject >= 'ticket:' || ${id} || '/' AND subject < 'ticket:' || ${id} || '0'))`,
    params: [param, param, param],
  };
}

/** What is not completed is little, mostly, and has an index by status. */
const INDEX_OF: Partial<Record<DeliveryStatus, string>> = {
  pending: "deliveries_due",
  processing: "deliveries_leased",
  failed: "deliveries_failed",
};

/** How a list is read: by its subject; whole where few have the status; otherwise newest first. */
function access({ status, channel, subject, ticket }: DeliveryListQuery): Access {
  const about = [
    ...(subject === undefined ? [] : [{ sql: "subject = ?", params: [subject] }]),
    ...(ticket === undefined ? [] : [aboutTicket(ticket)]),
  ];
  const tests: Fragment[] = [
    ...(status === undefined ? [] : [{ sql: `status = '${status}'`, params: [] }]),
    ...(channel === undefined ? [] : [{ sql: "channel = ?", params: [channel] }]),
  ];
  const filters = [...about, ...tests];
  if (about.length > 0) {
    // The plus keeps SQLite from the indexes by status and channel.
    const others = tests.map((test) => ({ ...test, sql: `+${test.sql}` }));
    const scan = { from: { sql: "deliveries", params: [] }, conditions: [...about, ...others] };
    return { scans: [scan], tests: [], small: [], filters };
  }
  const index = status && INDEX_OF[status];
  const from = (how: string): Fragment => ({ sql: `deliveries ${how}`, params: [] });
  return {
    scans: [{ from: from("NOT INDEXED"), conditions: [] }],
    tests,
    small: index === undefined ? [] : [{ from: from(`INDEXED BY ${index}`), conditions: tests }],
    filters,
  };
}

const DOCUMENT = jsonObjectText(deliveryColumns);

/**
 * A page of deliveries, newest first (contract section 1: it may hold fewer than asked for, and yet have a next one).
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listDeliveries(ctx: Context, query: DeliveryListQuery) {
  const before = decodeId("deliveries", query.cursor);
  const list: BoundedPage = {
    id: "id",
    key: ["id"],
    direction: "DESC",
    ...access(query),
    after: before === null ? null : [before],
    limit: query.limit,
    document: DOCUMENT,
    join: "deliveries ON deliveries.id = p.id",
  };
  const { results } = await selectPage(ctx.env.DB, list).all<BoundedRow>();
  const { documents, place } = pageOf(list, results);
  return {
    deliveries: documents.map((document) => JSON.parse(document) as Delivery),
    next_cursor: place && encodeCursor("deliveries", place),
  };
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
