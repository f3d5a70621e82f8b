import type { Context } from "./context.ts";
import { IDEMPOTENCY_DAYS } from "./http/idempotency.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Rows removed per table and run, so that a purge never holds the database for long. */
const BATCH_ROWS = 5000;

/** Removes what nobody can use any more: idempotency records past their week, sessions past their end. */
export async function purgeExpired(ctx: Context): Promise<void> {
  const { DB } = ctx.env;
  const now = ctx.now();
  const keysBefore = new Date(now.getTime() - IDEMPOTENCY_DAYS * DAY_MS).toISOString();
  await DB.batch([
    DB.prepare(
      `DELETE FROM idempotency_keys WHERE (user_id, route, key) IN
         (SELECT user_id, route, key FROM idempotency_keys WHERE created_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(keysBefore),
    DB.prepare(
      `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(now.toISOString()),
  ]);
}
