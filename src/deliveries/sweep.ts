import type { Context } from "../context.ts";
import { CHANNELS, type Channel } from "../vocabulary/channels.ts";
import { announce } from "./outbox.ts";
import { closedChannels, probePauses } from "./pauses.ts";
import { maxAttempts } from "./schedule.ts";

/** Due deliveries of each channel that one cron run announces; the next run takes the rest. */
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

// Channel by channel, so that ten thousand of one hold up no other; what is paused or closed is not announced at all.
const dueStatement = (channels: Channel[]): string => {
  const due = channels.map(
    (channel) => `SELECT * FROM (
      SELECT id, next_attempt_at FROM deliveries
      WHERE status = 'pending' AND channel = '${channel}' AND next_attempt_at <= ?1
        AND NOT EXISTS (SELECT 1 FROM channel_pauses p WHERE p.channel = '${channel}')
      ORDER BY next_attempt_at LIMIT ${SWEEP_ROWS})`,
  );
  return `SELECT id FROM (${due.join(" UNION ALL ")}) ORDER BY next_attempt_at`;
};

/**
 * The cron run of each minute: puts back what a dead worker held, and announces all that is due, so that neither a
 * crash nor a lost queue message loses a delivery. Two runs at once do no harm: announcing is not claiming.
 */
export async function sweep(ctx: Context): Promise<void> {
  const now = ctx.now().toISOString();
  const closed = closedChannels(ctx.env);
  const open = CHANNELS.filter((channel) => !closed.includes(channel));
  const probes = await probePauses(ctx);
  const [rescued, due] = await ctx.env.DB.batch<{ id: number }>([
    ctx.env.DB.prepare(RESCUE).bind(now),
    ctx.env.DB.prepare(dueStatement(open)).bind(now),
  ]);
  const ids = [...probes, ...(due?.results.map((row) => row.id) ?? [])];
  await announce(ctx, ids);
  if (rescued?.results.length || ids.length) {
    ctx.log.info("sweep", { rescued: rescued?.results.length ?? 0, due: ids.length });
  }
}
