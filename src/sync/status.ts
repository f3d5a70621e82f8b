import type { Context } from "../context.ts";
import { listPauses } from "../deliveries/pauses.ts";

// Each count is a range of one partial index.
const counted = (status: string, index: string) =>
  `(SELECT COUNT(*) FROM deliveries INDEXED BY ${index} WHERE status = '${status}' AND channel = 'stripe') AS ${status}`;

const COUNTS = `
  SELECT ${counted("pending", "deliveries_due")},
         (SELECT COUNT(*) FROM deliveries INDEXED BY deliveries_leased
          WHERE status = 'processing' AND channel = 'stripe') AS processing,
         ${counted("completed", "deliveries_completed")},
         ${counted("failed", "deliveries_failed")},
         (SELECT COUNT(*) FROM external_links WHERE kind = 'stripe_customer') AS linked`;

interface Counts {
  pending: number;
  processing: number;
  completed: number;
  failed: number;
  linked: number;
}

/** How far the sync is, for a progress bar, and what an operator has to know. */
export async function syncStatus(ctx: Context) {
  const { DB } = ctx.env;
  const [counts, pauses] = await Promise.all([DB.prepare(COUNTS).first<Counts>(), listPauses(ctx)]);
  if (!counts) throw new Error("counts were expected");
  const { pending, processing, completed, failed, linked } = counts;
  const pause = pauses.find(({ channel }) => channel === "stripe");
  return {
    total: pending + processing + completed + failed,
    pending,
    processing,
    completed,
    failed,
    linked,
    configured: ctx.env.STRIPE_SECRET_KEY !== undefined,
    paused: pause ? { reason: pause.reason, since: pause.since, probe_at: pause.probe_at } : null,
  };
}
