import type { Context, RequestContext } from "../context.ts";
import type { Env } from "../env.ts";
import { CHANNELS, type Channel, channelEntry } from "../vocabulary/channels.ts";
import type { PauseReason } from "../vocabulary/deliveries.ts";
import { announceEnqueued, enqueue } from "./outbox.ts";

/** How often a paused channel tries one delivery, to find out whether its credential works again. */
const PROBE_SECONDS = 5 * 60;
/** Deliveries announced at once when a channel goes on; the cron run of each minute takes the rest. */
const RESUME_ROWS = 500;

export interface Pause {
  channel: Channel;
  reason: PauseReason;
  since: string;
  /** When one delivery is tried again. */
  probe_at: string;
}

/** The credential without which a channel cannot send; undefined for a channel that has none of its own. */
function credentialOf(env: Env, channel: Channel): string | undefined {
  const { credential } = channelEntry(channel);
  return credential && env[credential];
}

/** Channels on which nothing is sent because a setting is missing. Their deliveries wait, and no try is used up. */
export const closedChannels = (env: Env): Channel[] =>
  CHANNELS.filter((channel) => channelEntry(channel).credential && credentialOf(env, channel) === undefined);

/** SQL: whether the channel in the column `channel` is not closed. */
export function isOpen(env: Env): string {
  const closed = closedChannels(env);
  return closed.length > 0 ? `channel NOT IN (${closed.map((channel) => `'${channel}'`).join()})` : "true";
}

/** Tells credentials apart without holding them: the beginning of a SHA-256 digest, in hex. */
async function fingerprint(credential: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(credential));
  return Buffer.from(digest).subarray(0, 8).toString("hex");
}

/** Statements that pause a channel and tell the administrators, for the effects of the try that was refused. */
export async function pause(ctx: Context, channel: Channel, reason: PauseReason): Promise<D1PreparedStatement[]> {
  const now = ctx.now();
  const at = now.toISOString();
  const probeAt = new Date(now.getTime() + PROBE_SECONDS * 1000).toISOString();
  const credential = await fingerprint(credentialOf(ctx.env, channel) ?? "");
  return [
    ctx.env.DB.prepare(
      `INSERT INTO channel_pauses (channel, reason, credential, since, probe_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (channel) DO NOTHING`,
    ).bind(channel, reason, credential, at, probeAt),
    enqueue(
      ctx,
      `SELECT 'push' AS channel, 'user:' || u.id AS target, ? AS subject, 'channel.paused' AS event_type,
              json_object('type', 'channel.paused', 'timestamp', ?, 'channel', ?) AS payload
       FROM users u WHERE u.role = 'admin' AND u.active = 1
         -- Of several tries that were refused, and of later probes, only the one that began the pause tells of it.
         AND changes() = 1`,
      [`channel:${channel}`, at, channelEntry(channel).label ?? channel],
    ),
    ctx.env.DB.prepare(
      "UPDATE channel_pauses SET reason = ?, credential = ?, probe_delivery_id = NULL WHERE channel = ?",
    ).bind(reason, credential, channel),
  ];
}

/** A statement that lets a channel go on, for the effects of the probe that was answered. */
export const resumeAfterProbe = (ctx: Context, channel: Channel, probe: number): D1PreparedStatement =>
  ctx.env.DB.prepare("DELETE FROM channel_pauses WHERE channel = ? AND probe_delivery_id = ?").bind(channel, probe);

/** A query of the channels that are paused now: rows `Pause`. */
export const selectPauses = (ctx: Context): D1PreparedStatement =>
  ctx.env.DB.prepare("SELECT channel, reason, since, probe_at FROM channel_pauses ORDER BY channel");

/**
 * Lets a channel go on at once, whatever it was paused for: statements to begin a batch with, and what is to be told
 * once they are written. What is due there is announced.
 */
export function resume(ctx: RequestContext, channel: Channel) {
  const { DB } = ctx.env;
  return {
    statements: [
      DB.prepare("DELETE FROM channel_pauses WHERE channel = ? RETURNING channel").bind(channel),
      DB.prepare(
        `SELECT id FROM deliveries WHERE status = 'pending' AND channel = ? AND next_attempt_at <= ?
         ORDER BY next_attempt_at LIMIT ${RESUME_ROWS}`,
      ).bind(channel, ctx.now().toISOString()),
    ],
    written(results: D1Result<object>[]): void {
      if (results[0]?.results.length) ctx.log.info("channel_resumed", { channel });
      announceEnqueued(ctx, results);
    },
  };
}

/**
 * What the cron run of each minute does about pauses, before it announces what is due: a channel whose credential has
 * been changed goes on; of any other, one delivery is tried when it is time, unless it is closed.
 *
 * @returns the deliveries to be tried, which are to be announced.
 */
export async function probePauses(ctx: Context): Promise<number[]> {
  const { DB } = ctx.env;
  const { results: paused } = await DB.prepare("SELECT channel, credential FROM channel_pauses").all<{
    channel: Channel;
    credential: string;
  }>();
  if (paused.length === 0) return [];
  for (const { channel, credential } of paused) {
    const current = credentialOf(ctx.env, channel);
    if (current === undefined || (await fingerprint(current)) === credential) continue;
    // Unless the new credential has been refused by now.
    await DB.prepare("DELETE FROM channel_pauses WHERE channel = ? AND credential = ?").bind(channel, credential).run();
    ctx.log.info("channel_resumed", { channel });
  }
  const now = ctx.now();
  const { results } = await DB.prepare(
    `UPDATE channel_pauses
     SET probe_at = ?2,
         probe_delivery_id = (SELECT id FROM deliveries
                              WHERE status = 'pending' AND deliveries.channel = channel_pauses.channel AND next_attempt_at <= ?1
                              ORDER BY next_attempt_at LIMIT 1)
     WHERE probe_at <= ?1 AND ${isOpen(ctx.env)} RETURNING probe_delivery_id AS id`,
  )
    .bind(now.toISOString(), new Date(now.getTime() + PROBE_SECONDS * 1000).toISOString())
    .all<{ id: number | null }>();
  return results.flatMap((row) => row.id ?? []);
}
