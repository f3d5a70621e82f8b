import type { ActorContext, Context } from "../context.ts";
import { resume } from "../deliveries/pauses.ts";
import { type Answer, answerFromBatch, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { requireStripe } from "./request.ts";
import { COUNTED_MAX } from "./schemas.ts";

// Each count is a range of one index, and ends where it is enough to know that there are many.
const upTo = (name: string, from: string) =>
  `(SELECT COUNT(*) FROM (SELECT 1 FROM ${from} LIMIT ${COUNTED_MAX})) AS ${name}`;
const counted = (status: string, index: string) =>
  upTo(status, `deliveries INDEXED BY ${index} WHERE status = '${status}' AND channel = 'stripe'`);

// `?`: whether Stripe is set up, as JSON.
const STATUS = `
  SELECT '{}' AS headers,
         json_object('total', pending + processing + completed + failed, 'pending', pending, 'processing', processing,
                     'completed', completed, 'failed', failed, 'linked', linked, 'configured', json(?),
                     'paused', json(paused)) AS body
  FROM (SELECT ${counted("pending", "deliveries_due")},
               ${counted("processing", "deliveries_leased")},
               ${counted("completed", "deliveries_completed")},
               ${counted("failed", "deliveries_failed")},
               ${upTo("linked", "external_links WHERE kind = 'stripe_customer'")},
               (SELECT json_object('reason', reason, 'since', since, 'probe_at', probe_at)
                FROM channel_pauses WHERE channel = 'stripe') AS paused)`;

const isConfigured = (ctx: Context): string => JSON.stringify(ctx.env.STRIPE_SECRET_KEY !== undefined);

/** How far the sync is, for a progress bar, and what an operator has to know: 200. */
export async function syncStatus(ctx: Context): Promise<Answer> {
  const { DB } = ctx.env;
  return answerFromBatch(200, await DB.batch<object>([DB.prepare(STATUS).bind(isConfigured(ctx))]));
}

/**
 * Goes on after a pause without waiting for the next probe, once per idempotency key.
 *
 * @returns 200 with the status as it is then.
 * @throws AppError `stripe_not_configured`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function resumeSync(ctx: ActorContext, record: IdempotencyRecord | null): Promise<Answer> {
  requireStripe(ctx);
  return batchOnce(ctx, record, {
    status: 200,
    ...resume(ctx, "stripe"),
    select: STATUS,
    params: [isConfigured(ctx)],
  });
}
