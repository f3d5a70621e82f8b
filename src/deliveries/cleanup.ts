import type { Context } from "../context.ts";
import { CHANNELS } from "./schedule.ts";

/** Days that a completed delivery is kept (contract section 5). */
export const RETENTION_DAYS = 30;
const BATCH_ROWS = 500;
const BATCHES_PER_RUN = 10;
const HOUR_MS = 60 * 60_000;
/** The indexes by age begin with the channel. */
const ANY_CHANNEL = `channel IN (${CHANNELS.map((channel) => `'${channel}'`).join()})`;

export interface CleanupInput {
  older_than_hours: number;
  status: "completed" | "failed";
  dry_run: boolean;
}

/**
 * Removes old deliveries with their attempts and push logs, in bounded batches.
 *
 * @returns how many matched, and how many are gone; call again while `remaining` is not 0.
 */
export async function cleanUp(ctx: Context, input: CleanupInput) {
  const { DB } = ctx.env;
  const before = new Date(ctx.now().getTime() - input.older_than_hours * HOUR_MS).toISOString();
  const age = input.status === "completed" ? "completed_at" : "updated_at";
  const old = `status = '${input.status}' AND ${ANY_CHANNEL} AND ${age} < ?`;
  const row = await DB.prepare(`SELECT COUNT(*) AS n FROM deliveries WHERE ${old}`).bind(before).first<{ n: number }>();
  const matched = row?.n ?? 0;
  let deleted = 0;
  if (!input.dry_run) {
    // In the order of the index, so that a batch reads its own rows only.
    const batch = `SELECT id FROM deliveries WHERE ${old} ORDER BY channel, ${age}, id LIMIT ${BATCH_ROWS}`;
    for (let run = 0; run < BATCHES_PER_RUN && deleted < matched; run++) {
      const results = await DB.batch([
        DB.prepare(`DELETE FROM delivery_attempts WHERE delivery_id IN (${batch})`).bind(before),
        DB.prepare(`DELETE FROM push_logs WHERE delivery_id IN (${batch})`).bind(before),
        DB.prepare(`DELETE FROM deliveries WHERE id IN (${batch}) RETURNING id`).bind(before),
      ]);
      const gone = results[2]?.results.length ?? 0;
      if (gone === 0) break;
      deleted += gone;
    }
  }
  return { matched, deleted, remaining: matched - deleted, dry_run: input.dry_run };
}
