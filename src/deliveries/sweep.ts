import type { Context } from "../context.ts";
import { announce } from "./outbox.ts";
import { CHANNELS, maxAttempts } from "./schedule.ts";

/** Due deliveries that one cron run announces; the next run takes the rest. */
const SWEEP_ROWS = 600;

const MAX_ATTEMPTS = `CASE channel ${CHANNELS.map((channel) => `WHEN '${channel}' THEN ${maxAttempts(channel)}`).join(" ")} END`;

// A worker that died has used up its try: otherwise a delivery that kills its worker would be tried for ever.
const RESCUE = `
  UPDATE deliveries
  SET status          = iif(attempts >= ${MAX_ATTEMPTS} AND generation = claimed_generation, 'failed', 'pending'),
      attempts        = iif(generation <> claimed_generation, 0, attempts),
      next_attempt_at = iif(attempts >= ${MAX_ATTEMPTS} AND generation = claimed_generation, NULL, ?1),
      last_error = 'lease expired', lease_token = NULL, lease_until = NULL, claimed_generation = NULL, updated_at = ?1
  WHERE id IN (SELECT id FROM deliveries WHERE status = 'processing' AND lease_until < ?1 LIMIT ${SWEEP_ROWS})
  RETURNING id, status`;

const DUE = `
  SELECT id FROM deliveries WHERE status = 'pending' AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ${SWEEP_ROWS}`;

/**
 * The cron run of each minute: puts back what a dead worker held, and announces all that is due, so that neither a
 * crash nor a lost queue message loses a delivery. Two runs at once do no harm: announcing is not claiming.
 */
export async function sweep(ctx: Context): Promise<void> {
  const now = ctx.now().toISOString();
  const [rescued, due] = await ctx.env.DB.batch<{ id: number }>([
    ctx.env.DB.prepare(RESCUE).bind(now),
    ctx.env.DB.prepare(DUE).bind(now),
  ]);
  const ids = due?.results.map((row) => row.id) ?? [];
  await announce(ctx, ids);
  if (rescued?.results.length || ids.length) {
    ctx.log.info("sweep", { rescued: rescued?.results.length ?? 0, due: ids.length });
  }
}
