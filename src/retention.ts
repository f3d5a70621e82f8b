import type { Context } from "./context.ts";
import { IDEMPOTENCY_DAYS } from "./http/idempotency.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Rows removed per table and run, so that a purge never holds the database for long. */
const BATCH_ROWS = 500;

/**
 * Removes what nobody can use any more: idempotency records past their week, sessions past their end.
 *
 * @returns how many rows went; call again while it is not 0.
 */
export async function purgeExpired(ctx: Context): Promise<number> {
  const { DB } = ctx.env;
  const now = ctx.now();
  const keysBefore = new Date(now.getTime() - IDEMPOTENCY_DAYS * DAY_MS).toISOString();
  const results = await DB.batch([
    DB.prepare(
      `DELETE FROM idempotency_keys WHERE (user_id, route, key) IN
         (SELECT user_id, route, key FROM idempotency_keys WHERE created_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(keysBefore),
    DB.prepare(
      `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? LIMIT ${BATCH_ROWS})`,
    ).bind(now.toISOString()),
  ]);
  return results.reduce((sum, result) => sum + result.meta.changes, 0);
}
