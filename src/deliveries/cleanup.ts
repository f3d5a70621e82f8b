import type { ActorContext, Context } from "../context.ts";
import { type Answer, claimOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { CHANNELS } from "../vocabulary/channels.ts";
import type { FinalDeliveryStatus } from "../vocabulary/deliveries.ts";

/** Days that a completed delivery is kept (contract section 5). */
export const RETENTION_DAYS = 30;
const BATCH_ROWS = 500;
const BATCHES_PER_RUN = 10;
/** More than one run removes: then it is known that something remains. */
const MATCHED_MAX = 10_000;
const HOUR_MS = 60 * 60_000;
/** The indexes by age begin with the channel. */
const ANY_CHANNEL = `channel IN (${CHANNELS.map((channel) => `'${channel}'`).join()})`;

export interface CleanupInput {
  older_than_hours: number;
  status: FinalDeliveryStatus;
  dry_run: boolean;
}

/** What is old, with `before` as its one parameter. */
function oldRows(ctx: Context, { status, older_than_hours }: Omit<CleanupInput, "dry_run">) {
  const age = status === "completed" ? "completed_at" : "updated_at";
  return {
    before: new Date(ctx.now().getTime() - older_than_hours * HOUR_MS).toISOString(),
    condition: `status = '${status}' AND ${ANY_CHANNEL} AND ${age} < ?`,
    // The order of the index, so that a batch reads its own rows only.
    order: `channel, ${age}, id`,
  };
}

type OldRows = ReturnType<typeof oldRows>;

/** Removes one batch of old deliveries with their attempts and push logs. @returns how many deliveries went. */
async function removeBatch(ctx: Context, { before, condition, order }: OldRows): Promise<number> {
  const { DB } = ctx.env;
  const batch = `SELECT id FROM deliveries WHERE ${condition} ORDER BY ${order} LIMIT ${BATCH_ROWS}`;
  const results = await DB.batch([
    DB.prepare(`DELETE FROM delivery_attempts WHERE delivery_id IN (${batch})`).bind(before),
    DB.prepare(`DELETE FROM push_logs WHERE delivery_id IN (${batch})`).bind(before),
    DB.prepare(`DELETE FROM deliveries WHERE id IN (${batch}) RETURNING id`).bind(before),
  ]);
  return results[2]?.results.length ?? 0;
}

/**
 * Removes one batch of deliveries that were completed RETENTION_DAYS ago.
 *
 * @returns whether more may be left: then call again.
 */
export async function purgeDeliveries(ctx: Context): Promise<boolean> {
  const old = oldRows(ctx, { status: "completed", older_than_hours: RETENTION_DAYS * 24 });
  return (await removeBatch(ctx, old)) === BATCH_ROWS;
}

/**
 * Removes old deliveries with their attempts and push logs, in bounded batches. Once per idempotency key.
 *
 * @returns 200 with how many matched, counted up to MATCHED_MAX, and how many are gone; call again while `remaining` is
 *   not 0.
 * @throws AppError as `claimOnce` does.
 */
export function cleanUp(ctx: ActorContext, input: CleanupInput, record: IdempotencyRecord | null): Promise<Answer> {
  const { dry_run } = input;
  const old = oldRows(ctx, input);
  return claimOnce(ctx, record, {
    status: 200,
    needs: [
      ctx.env.DB.prepare(
        `SELECT COUNT(*) AS n FROM (SELECT 1 FROM deliveries WHERE ${old.condition} LIMIT ${MATCHED_MAX})`,
      ).bind(old.before),
    ],
    async run([found]) {
      const [count] = (found?.results ?? []) as { n: number }[];
      const matched = count?.n ?? 0;
      let deleted = 0;
      for (let run = 0; !dry_run && run < BATCHES_PER_RUN && deleted < matched; run++) {
        const gone = await removeBatch(ctx, old);
        if (gone === 0) break;
        deleted += gone;
      }
      return { body: { matched, deleted, remaining: matched - deleted, dry_run } };
    },
  });
}
