import type { Context } from "../context.ts";
import { CHANNELS, type Channel } from "../vocabulary/channels.ts";
import { DELIVERY_STATUSES, type DeliveryStatus } from "../vocabulary/deliveries.ts";
import { type Pause, selectPauses } from "./pauses.ts";

/** A delivery due or leased for longer than this is stuck. */
const STUCK_MS = 60 * 60_000;

interface ChannelCounts {
  channel: Channel;
  late: number;
  /** Pending and not late. */
  waiting: number;
  oldest: string | null;
  failed: number;
}

// Every figure is one range of one index that holds all it needs: neither completed rows nor the rows of another
// channel are looked at. Few are ever being processed at once, so those are grouped.
const of = (status: DeliveryStatus, index: string) =>
  `FROM deliveries INDEXED BY ${index} WHERE status = '${status}' AND channel = ch.value`;
const COUNTS = `
  SELECT ch.value AS channel,
         (SELECT COUNT(*) ${of("pending", "deliveries_due")} AND next_attempt_at < ?1) AS late,
         (SELECT COUNT(*) ${of("pending", "deliveries_due")} AND next_attempt_at >= ?1) AS waiting,
         (SELECT MIN(next_attempt_at) ${of("pending", "deliveries_due")}) AS oldest,
         (SELECT COUNT(*) ${of("failed", "deliveries_failed")}) AS failed
  FROM json_each(?2) ch`;
const LEASED = `
  SELECT channel, COUNT(*) AS processing, SUM(lease_until < ?) AS expired
  FROM deliveries INDEXED BY deliveries_leased WHERE status = 'processing' GROUP BY channel`;

const STATUS_LIST = DELIVERY_STATUSES.map((status) => `'${status}'`).join(", ");
// The table's constraints make duplicates and invalid rows impossible, so while they are in place both counts are 0. Only
// if somebody has rebuilt the table without them are the rows counted: operators of other queues look for these figures.
const DEFINITION = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'deliveries'";
const CONSTRAINTS = [
  "UNIQUE (subject, channel, target, event_type)",
  "CHECK (json_valid(payload))",
  `CHECK (status IN (${STATUS_LIST}))`,
  "CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))",
  ...["channel", "target", "subject", "event_type", "payload", "status"].map((column) => `${column} TEXT NOT NULL`),
];
const FAULTS = `
  SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries GROUP BY channel, target, subject, event_type HAVING COUNT(*) > 1)) AS duplicates,
         (SELECT COUNT(*) FROM deliveries
          WHERE channel IS NULL OR target IS NULL OR subject IS NULL OR event_type IS NULL
             OR status IS NULL OR status NOT IN (${STATUS_LIST})
             OR (status = 'pending' AND next_attempt_at IS NULL)
             OR payload IS NULL OR json_valid(payload) = 0) AS invalid`;

interface Faults {
  duplicates: number;
  invalid: number;
}

/** Counts what the constraints of the table rule out, if they are not there. @param definition the table's, as SQL. */
async function faults(ctx: Context, definition = ""): Promise<Faults> {
  const none = { duplicates: 0, invalid: 0 };
  const text = definition.replaceAll(/\s+/g, " ");
  if (CONSTRAINTS.every((constraint) => text.includes(constraint))) return none;
  ctx.log.error("deliveries_unconstrained");
  return (await ctx.env.DB.prepare(FAULTS).first<Faults>()) ?? none;
}

/** How the outbox is doing: open deliveries by status and channel, and what is wrong with them. */
export async function deliveryHealth(ctx: Context) {
  const { DB } = ctx.env;
  const now = ctx.now();
  const stuckBefore = new Date(now.getTime() - STUCK_MS).toISOString();
  const [counts, leased, pauses, definition] = await DB.batch<unknown>([
    DB.prepare(COUNTS).bind(stuckBefore, JSON.stringify(CHANNELS)),
    DB.prepare(LEASED).bind(stuckBefore),
    selectPauses(ctx),
    DB.prepare(DEFINITION),
  ]);
  const rows = (counts?.results ?? []) as ChannelCounts[];
  const held = (leased?.results ?? []) as { channel: Channel; processing: number; expired: number }[];
  const [table] = (definition?.results ?? []) as { sql: string }[];
  const channels = rows.map(({ channel, late, waiting, failed }) => {
    const { processing = 0, expired = 0 } = held.find((row) => row.channel === channel) ?? {};
    return { channel, pending: late + waiting, processing, failed, stuck: late + expired };
  });
  const sum = (name: "pending" | "processing" | "failed" | "stuck") =>
    channels.reduce((total, channel) => total + channel[name], 0);
  const oldest = rows.flatMap((row) => row.oldest ?? []).sort()[0];
  return {
    pending: sum("pending"),
    processing: sum("processing"),
    failed: sum("failed"),
    stuck: sum("stuck"),
    oldest_due_seconds: oldest ? Math.max(0, Math.floor((now.getTime() - Date.parse(oldest)) / 1000)) : 0,
    ...(await faults(ctx, table?.sql)),
    by_channel: Object.fromEntries(channels.map(({ channel, ...figures }) => [channel, figures])),
    paused: (pauses?.results ?? []) as Pause[],
  };
}
