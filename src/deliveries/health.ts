import type { Context } from "../context.ts";
import { CHANNELS } from "./schedule.ts";

/** A delivery due or leased for longer than this is stuck. */
const STUCK_MS = 60 * 60_000;

interface Count {
  channel: string;
  status: "pending" | "processing" | "failed";
  n: number;
  stuck: number;
  oldest: string | null;
}

// Each branch reads one partial index: completed rows, which are most of them, are never looked at. SQLite would
// otherwise read the whole table in the order of its unique key, to save itself the grouping.
const COUNTS = `
  SELECT channel, 'pending' AS status, COUNT(*) AS n, SUM(next_attempt_at < ?1) AS stuck, MIN(next_attempt_at) AS oldest
  FROM deliveries INDEXED BY deliveries_due WHERE status = 'pending' GROUP BY channel
  UNION ALL
  SELECT channel, 'processing', COUNT(*), SUM(lease_until < ?1), NULL
  FROM deliveries INDEXED BY deliveries_leased WHERE status = 'processing' GROUP BY channel
  UNION ALL
  SELECT channel, 'failed', COUNT(*), 0, NULL
  FROM deliveries INDEXED BY deliveries_failed WHERE status = 'failed' GROUP BY channel`;

// The constraints of the table make both impossible; operators of other queues have learnt to look for them.
// Read branch by branch as well, for the same reason as above.
const OPEN = ["pending", "processing", "failed"]
  .map((status) => `SELECT channel, target, subject, event_type, payload FROM deliveries WHERE status = '${status}'`)
  .join(" UNION ALL ");
const FAULTS = `
  SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM (${OPEN}) GROUP BY channel, target, subject, event_type HAVING COUNT(*) > 1)) AS duplicates,
         (SELECT COUNT(*) FROM (${OPEN}) WHERE json_valid(payload) = 0 OR event_type = '' OR target = '') AS invalid`;

/** How the outbox is doing: open deliveries by status and channel, and what is wrong with them. */
export async function deliveryHealth(ctx: Context) {
  const now = ctx.now();
  const [counts, faults] = await ctx.env.DB.batch<Count & { duplicates: number; invalid: number }>([
    ctx.env.DB.prepare(COUNTS).bind(new Date(now.getTime() - STUCK_MS).toISOString()),
    ctx.env.DB.prepare(FAULTS),
  ]);
  const results = counts?.results ?? [];
  const sum = (pick: (row: Count) => number, channel?: string) =>
    results.filter((row) => !channel || row.channel === channel).reduce((total, row) => total + pick(row), 0);
  const of = (status: Count["status"], channel?: string) => sum((row) => (row.status === status ? row.n : 0), channel);
  const oldest = results.flatMap((row) => row.oldest ?? []).sort()[0];
  return {
    pending: of("pending"),
    processing: of("processing"),
    failed: of("failed"),
    stuck: sum((row) => row.stuck),
    oldest_due_seconds: oldest ? Math.max(0, Math.floor((now.getTime() - Date.parse(oldest)) / 1000)) : 0,
    duplicates: faults?.results[0]?.duplicates ?? 0,
    invalid: faults?.results[0]?.invalid ?? 0,
    by_channel: Object.fromEntries(
      CHANNELS.map((channel) => [
        channel,
        {
          pending: of("pending", channel),
          processing: of("processing", channel),
          failed: of("failed", channel),
          stuck: sum((row) => row.stuck, channel),
        },
      ]),
    ),
  };
}
