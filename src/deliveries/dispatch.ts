import type { Context } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import type { Env } from "../env.ts";
import { describeError } from "../log.ts";
import { createConnections } from "../outgoing/connections.ts";
import { CHANNELS } from "../vocabulary/channels.ts";
import type { DeliveryStatus } from "../vocabulary/deliveries.ts";
import { type Claim, type DeliveryContext, type Outcome, type Senders, wireId } from "./job.ts";
import { announce } from "./outbox.ts";
import { isOpen } from "./pauses.ts";
import { LEASE_SECONDS, nextAttemptAt } from "./schedule.ts";

// Of a paused channel only the probe can be claimed; of a closed one nothing.
const claimStatement = (env: Env, senders: Senders): string => `
  UPDATE deliveries
  SET status = 'processing', lease_token = ?1, lease_until = ?2, attempts = attempts + 1,
      claimed_generation = generation, next_attempt_at = NULL, updated_at = ?3
  WHERE id = ?4 AND status = 'pending' AND next_attempt_at <= ?3
    AND NOT EXISTS (SELECT 1 FROM channel_pauses p WHERE p.channel = deliveries.channel AND p.probe_delivery_id IS NOT ?4)
    AND ${isOpen(env)}
  RETURNING id, channel, target, subject, event_type, payload, attempts, generation, lease_token,
    CASE channel ${CHANNELS.map((channel) => `WHEN '${channel}' THEN (${senders[channel].needs ?? "NULL"})`).join(" ")} END AS found`;

interface ClaimedRow extends Omit<Claim, "payload" | "wire_id" | "found"> {
  payload: string;
  found: string | null;
}

/** Takes one due delivery with what a try of it needs, or null when it is not due, done, or someone else's. */
export async function claim(ctx: Context, id: number, senders: Senders): Promise<Claim | null> {
  const now = ctx.now();
  const until = new Date(now.getTime() + LEASE_SECONDS * 1000).toISOString();
  const row = await ctx.env.DB.prepare(claimStatement(ctx.env, senders))
    .bind(crypto.randomUUID(), until, now.toISOString(), id)
    .first<ClaimedRow>();
  if (!row) return null;
  const { payload, found } = row;
  return {
    ...row,
    wire_id: wireId(row.id, row.generation),
    payload: JSON.parse(payload),
    found: found === null ? null : JSON.parse(found),
  };
}

// Writing the attempt is also the proof that the lease is still ours: without it there is no id, NOT NULL refuses the
// row, and with it the whole batch. So a late finisher changes nothing, and nothing below needs to ask again.
const INSERT_ATTEMPT = `
  INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms, http_status, error,
                                 response)
  VALUES ((SELECT id FROM deliveries WHERE id = ?1 AND lease_token = ?2 AND status = 'processing'),
          (SELECT COALESCE(MAX(id), 0) + 1 FROM delivery_attempts WHERE delivery_id = ?1), ?3, ?4, ?5, ?6, ?7, ?8, ?9)`;

// The generation fence: what was upserted meanwhile goes out next, from its first try.
const FINISH = `
  UPDATE deliveries
  SET status          = iif(generation <> claimed_generation, 'pending', ?1),
      attempts        = iif(generation <> claimed_generation, 0, attempts - ?7),
      next_attempt_at = iif(generation <> claimed_generation, ?2, ?3),
      completed_at    = iif(generation <> claimed_generation OR ?1 <> 'completed', NULL, ?2),
      last_error      = iif(generation <> claimed_generation, NULL, ?4),
      lease_token = NULL, lease_until = NULL, claimed_generation = NULL, updated_at = ?2
  WHERE id = ?5 AND lease_token = ?6 AND status = 'processing'
  RETURNING status, next_attempt_at`;

const RESPONSE_CHARACTERS = 2048;

/** Ends a claim: the attempt, what the channel has to say, the new status; and tells the queue what comes next. */
async function finish(ctx: Context, job: Claim, outcome: Outcome, startedAt: Date): Promise<void> {
  const now = ctx.now();
  const postponed = outcome.result === "postponed";
  const retryAt = nextTime(job, outcome, now);
  const status = finalStatus(outcome, retryAt);
  const { http_status = null, error = null, response = null } = outcome;
  const statements = [
    ctx.env.DB.prepare(INSERT_ATTEMPT).bind(
      job.id,
      job.lease_token,
      job.generation,
      job.attempts,
      startedAt.toISOString(),
      Math.max(0, now.getTime() - startedAt.getTime()),
      http_status,
      error,
      response?.slice(0, RESPONSE_CHARACTERS) ?? null,
    ),
    ...(outcome.effects ?? []),
    ctx.env.DB.prepare(FINISH).bind(
      status,
      now.toISOString(),
      retryAt?.toISOString() ?? null,
      error,
      job.id,
      job.lease_token,
      postponed ? 1 : 0,
    ),
  ];
  let results: D1Result<{ id?: number; status?: string; next_attempt_at?: string | null }>[];
  try {
    results = await ctx.env.DB.batch(statements);
  } catch (failure) {
    const instead = outcome.refused?.(failure);
    if (instead) return finish(ctx, job, instead, startedAt);
    if (!isNotNullViolation(failure, "delivery_attempts.delivery_id")) throw failure;
    ctx.log.warn("delivery_lease_lost", { attempt: job.attempts });
    return;
  }
  ctx.log.info("delivery", {
    channel: job.channel,
    target: job.target,
    status,
    attempt: job.attempts,
    http_status,
    error,
  });
  const enqueued = results.slice(1, -1).flatMap((result) => result.results.flatMap((row) => row.id ?? []));
  await announce(ctx, enqueued);
  const finished = results.at(-1)?.results[0];
  const waits = postponed && !outcome.until;
  if (finished?.next_attempt_at && !waits) {
    await announce(ctx, [job.id], Math.max(0, (Date.parse(finished.next_attempt_at) - now.getTime()) / 1000));
  }
}

function finalStatus(outcome: Outcome, retryAt: Date | null): Exclude<DeliveryStatus, "processing"> {
  if (outcome.result === "delivered") return "completed";
  if (retryAt) return "pending";
  return outcome.exhausted ?? "failed";
}

function nextTime(job: Claim, outcome: Outcome, now: Date): Date | null {
  if (outcome.result === "postponed") return outcome.until ?? now;
  if (outcome.result !== "retry") return null;
  const at = nextAttemptAt(job.channel, job.attempts, now, outcome.retryAfterSeconds ?? null);
  return at && outcome.deadline && at > outcome.deadline ? null : at;
}

async function attempt(ctx: DeliveryContext, job: Claim, senders: Senders): Promise<Outcome> {
  try {
    return await senders[job.channel].send(ctx, job);
  } catch (error) {
    ctx.log.error("delivery_channel_failed", describeError(error));
    return { result: "retry", error: "internal error" };
  }
}

async function deliver(base: DeliveryContext, id: number, senders: Senders): Promise<void> {
  const job = await claim(base, id, senders);
  if (!job) return;
  const ctx = { ...base, log: base.log.with({ delivery_id: job.id, wire_id: job.wire_id }) };
  const startedAt = ctx.now();
  const outcome = await attempt(ctx, job, senders);
  await finish(ctx, job, outcome, startedAt);
}

/**
 * Delivers what is due among these ids, side by side but over a bounded number of connections.
 *
 * @param ids at most IDS_PER_MESSAGE, so that one invocation stays within its queries.
 * @throws when the database fails; what was claimed is rescued after its lease.
 */
export async function dispatch(ctx: Context, ids: number[], senders: Senders): Promise<void> {
  const deliveryContext = { ...ctx, connections: createConnections() };
  const results = await Promise.allSettled([...new Set(ids)].map((id) => deliver(deliveryContext, id, senders)));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
