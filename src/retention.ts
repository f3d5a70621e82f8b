import type { Context } from "./context.ts";
import { IDEMPOTENCY_DAYS } from "./http/idempotency.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Days that an event of Stripe is remembered; Stripe repeats one for three days. */
const STRIPE_EVENT_DAYS = 30;
/** Rows removed per table and run, so that a purge never holds the database for long. */
const BATCH_ROWS = 1500;

/**
 * Removes what nobody can use any more: idempotency records past their month, sessions past their end, Stripe's events.
 *
 * @returns whether more is left than one run removes: then call again.
 */
export async function purgeExpired(ctx: Context): Promise<boolean> {
  const { DB } = ctx.env;
  const now = ctx.now();
  const keysBefore = new Date(now.getTime() - IDEMPOTENCY_DAYS * DAY_MS).toISOString();
  const results = await DB.batch([
    DB.prepare(
      // In the order in which they were written, up to the first that is kept: nothing else is read.
      `DELETE FROM idempotency_keys WHERE id IN
         (SELECT id FROM idempotency_keys
          WHERE id < COALESCE((SELECT id FROM idempotency_keys WHERE created_at >= ? ORDER BY id LIMIT 1), 9e15)
          ORDER BY id LIMIT ${BATCH_ROWS})`,
    ).bind(keysBefore),
    DB.prepare(
      `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(now.toISOString()),
    DB.prepare(
      `DELETE FROM stripe_events WHERE id IN (SELECT id FROM stripe_events WHERE received_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(new Date(now.getTime() - STRIPE_EVENT_DAYS * DAY_MS).toISOString()),
  ]);
  return results.some((result) => result.meta.changes >= BATCH_ROWS);
}
