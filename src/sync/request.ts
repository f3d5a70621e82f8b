import type { ActorContext, Context } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import { announce, announceEnqueued } from "../deliveries/outbox.ts";
import { deliveryColumns } from "../deliveries/read.ts";
import { type Answer, batchOnce, claimOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { enqueueSync, SYNC_EVENT, SYNC_TARGET } from "./enqueue.ts";
import type { SyncCustomersInput } from "./schemas.ts";

/** Customers that one statement enqueues. */
const BATCH_CUSTOMERS = 2500;
/** Statements of one request: half of what an invocation may run. */
const BATCHES = 20;
/** Jobs that the queue is told of at once, in one call. The cron run of each minute announces the rest. */
const ANNOUNCED = 500;

// A job of a customer who does not exist is none that this request has made.
const SELECT_JOB = selectAnswer(
  "delivery",
  deliveryColumns,
  `deliveries JOIN customers c ON c.id = ? WHERE channel = 'stripe' AND target = '${SYNC_TARGET}'
     AND subject = 'customer:' || c.id AND event_type = '${SYNC_EVENT}'`,
);

/** Refuses while there is no key. @throws AppError `stripe_not_configured`. */
export function requireStripe(ctx: Context): void {
  if (ctx.env.STRIPE_SECRET_KEY === undefined) {
    throw new AppError("stripe_not_configured", { params: { setting: "STRIPE_SECRET_KEY" } });
  }
}

/**
 * Enqueues the sync of one customer, archived or not. Once per idempotency key.
 *
 * @returns 202 with the job as it is then, `{"delivery": ...}`.
 * @throws AppError `stripe_not_configured`, `customer_unknown`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function requestSync(
  ctx: ActorContext,
  customerId: number,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  requireStripe(ctx);
  return batchOnce(ctx, record, {
    status: 202,
    statements: [enqueueSync(ctx, "customers c WHERE c.id = ?", [customerId])],
    select: SELECT_JOB,
    params: [customerId],
    missing: "customer_unknown",
    written: (results) => announceEnqueued(ctx, results),
  });
}

/** Where nothing follows. */
const END = Number.MAX_SAFE_INTEGER;

// The ids that one statement goes through: after `?`, up to that of the last of so many customers.
const SPAN = `
  WITH span (after, last) AS MATERIALIZED (
    SELECT after, (SELECT iif(COUNT(*) < ${BATCH_CUSTOMERS}, ${END}, MAX(id))
                   FROM (SELECT id FROM customers WHERE id > place.after ORDER BY id LIMIT ${BATCH_CUSTOMERS}))
    FROM (SELECT CAST(? AS INTEGER) AS after) AS place)`;

// Everybody of these who is in use, and whoever is, or may be, still at Stripe although they are gone here: the sync removes
// them.
const EVERYBODY = `${SPAN}
  SELECT c.id FROM span CROSS JOIN customers c ON c.id > after AND c.id <= last WHERE c.archived_at IS NULL
  UNION SELECT there.id FROM (
    SELECT local_id AS id FROM span CROSS JOIN external_links
      ON kind = 'stripe_customer' AND local_id > after AND local_id <= last
    UNION SELECT customer_id FROM span CROSS JOIN stripe_creations ON customer_id > after AND customer_id <= last) there
  LEFT JOIN customers c ON c.id = there.id WHERE c.id IS NULL OR c.erased_at IS NOT NULL`;

const NAMED = `
  SELECT id FROM customers WHERE id IN (SELECT value FROM json_each(?)) AND id > ? ORDER BY id LIMIT ${BATCH_CUSTOMERS}`;

/**
 * Enqueues the sync of customers: those named, or all, in statements of bounded size. Repeating it changes nothing but
 * the generations of the jobs. Once per idempotency key.
 *
 * @param input.after only customers with a greater id; for going on where the last answer's `next_after` stopped.
 * @returns 202 with how many were enqueued, the named ids that no customer has, and where to go on, if more than one
 *   request's worth of customers is left.
 * @throws AppError `stripe_not_configured`, and as `claimOnce` does.
 */
export async function requestSyncs(
  ctx: ActorContext,
  input: SyncCustomersInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  requireStripe(ctx);
  const ids = input.ids && JSON.stringify(input.ids);
  return claimOnce(ctx, record, {
    status: 202,
    needs: ids === undefined ? [] : [ctx.env.DB.prepare(UNKNOWN).bind(ids)],
    async run([found]) {
      const jobs: number[] = [];
      let after: number | null = input.after;
      for (let run = 0; run < BATCHES && after !== null; run++) {
        const batch = await enqueueBatch(ctx, ids, after);
        jobs.push(...batch.jobs);
        after = batch.next;
      }
      ctx.waitUntil(announce(ctx, jobs.slice(0, ANNOUNCED)));
      const unknown = (found?.results ?? []) as { id: number }[];
      return { body: { queued: jobs.length, unknown: unknown.map(({ id }) => id), next_after: after } };
    },
  });
}

/** The ids of a JSON array that no customer has. */
const UNKNOWN = `
  SELECT DISTINCT CAST(value AS INTEGER) AS id FROM json_each(?)
  WHERE NOT EXISTS (SELECT 1 FROM customers WHERE id = value) ORDER BY id`;

/** Enqueues the next customers after this id; `next` is where to go on. */
async function enqueueBatch(
  ctx: Context,
  ids: string | undefined,
  after: number,
): Promise<{ jobs: number[]; next: number | null }> {
  const { DB } = ctx.env;
  const isAll = ids === undefined;
  const params = isAll ? [after] : [ids, after];
  const [found, enqueued] = await DB.batch<{ id: number | null }>([
    DB.prepare(isAll ? `${SPAN} SELECT last AS id FROM span` : `SELECT MAX(id) AS id FROM (${NAMED})`).bind(...params),
    enqueueSync(ctx, `(${isAll ? EVERYBODY : NAMED}) AS c WHERE true`, params),
  ]);
  const jobs = enqueued?.results.flatMap((row) => row.id ?? []) ?? [];
  const last = found?.results[0]?.id ?? END;
  return { jobs, next: last === END || (!isAll && jobs.length < BATCH_CUSTOMERS) ? null : last };
}
