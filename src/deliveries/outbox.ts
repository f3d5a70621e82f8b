import type { Context, RequestContext } from "../context.ts";

/** Deliveries that one queue message carries: what one invocation can do within the platform's limits. */
export const IDS_PER_MESSAGE = 4;
/** Longest delay that the queue accepts, in seconds; what is due later is found by the cron run. */
const QUEUE_DELAY_MAX_SECONDS = 12 * 60 * 60;
const MESSAGES_PER_SEND = 100;

/**
 * A statement that puts deliveries into the outbox, for the batch of the change that causes them: one for all of them, since
 * each writes down the last id that it has given. A job that exists is brought up to date: its generation rises, and it is
 * delivered (again).
 *
 * @param select a SELECT of `channel, target, subject, event_type, payload`; give it a WHERE, or SQLite cannot tell
 *   its end from the conflict clause.
 * @param options.once keep the existing job as it is, whatever its status.
 * @returns rows `{id}` of what is to be sent.
 */
export function enqueue(
  ctx: Context,
  select: string,
  params: unknown[],
  options: { once?: boolean } = {},
): D1PreparedStatement {
  const now = ctx.now().toISOString();
  return ctx.env.DB.prepare(
    `${options.once ? ENQUEUE_ONCE[0] : ENQUEUE[0]}${select}${options.once ? ENQUEUE_ONCE[1] : ENQUEUE[1]}`,
  ).bind(now, ...params);
}

const INSERT = `
  WITH moment (at) AS (SELECT ?)
  INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
  SELECT job.*, at, at, at FROM moment, (`;

const ENQUEUE = [
  INSERT,
  `) AS job WHERE true
  ON CONFLICT (subject, channel, target, event_type) DO UPDATE SET
    payload         = excluded.payload,
    generation      = generation + 1,
    updated_at      = excluded.updated_at,
    last_error      = NULL,
    completed_at    = NULL,
    -- A job on its way stays with its worker, who sees the new generation when finishing.
    status          = iif(status = 'processing', status, 'pending'),
    attempts        = iif(status = 'processing', attempts, 0),
    next_attempt_at = iif(status = 'processing', NULL, excluded.next_attempt_at)
  RETURNING id`,
] as const;

const ENQUEUE_ONCE = [
  INSERT,
  `) AS job WHERE true
  ON CONFLICT (subject, channel, target, event_type) DO NOTHING
  RETURNING id`,
] as const;

/** Tells the consumer, after the answer is sent, what the statements of a batch have enqueued. */
export function announceEnqueued(ctx: RequestContext, results: D1Result<object>[]): void {
  const rows: { id?: unknown }[] = results.flatMap((result) => result.results);
  ctx.waitUntil(
    announce(
      ctx,
      rows.flatMap(({ id }) => (id === undefined ? [] : Number(id))),
    ),
  );
}

/**
 * Tells the consumer about deliveries that are due. Never throws: the cron run finds what the queue did not take.
 *
 * @param delaySeconds wait this long first.
 */
export async function announce(ctx: Context, ids: number[], delaySeconds = 0): Promise<void> {
  if (ids.length === 0 || delaySeconds > QUEUE_DELAY_MAX_SECONDS) return;
  const messages: MessageSendRequest<{ ids: number[] }>[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_MESSAGE) {
    messages.push({
      body: { ids: ids.slice(start, start + IDS_PER_MESSAGE) },
      delaySeconds: Math.ceil(delaySeconds),
      contentType: "json",
    });
  }
  try {
    for (let start = 0; start < messages.length; start += MESSAGES_PER_SEND) {
      await ctx.env.DELIVERIES.sendBatch(messages.slice(start, start + MESSAGES_PER_SEND));
    }
  } catch (error) {
    ctx.log.warn("queue_send_failed", { delivery_ids: ids, message: String(error) });
  }
}
