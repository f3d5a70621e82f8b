import { RETRY_AFTER_MAX_SECONDS } from "../outgoing/retry-after.ts";
import { type Channel, channelEntry } from "../vocabulary/channels.ts";

/** Each wait varies by this share either way, so that receivers do not meet every retry at once. */
const JITTER = 0.2;

/**
 * How long a claimed delivery belongs to its worker. Above the slowest invocation: four pushes to ten phones that
 * all hang, five at a time for ten seconds, take 80.
 */
export const LEASE_SECONDS = 180;

/** Tries of one run of a channel's schedule. */
export const maxAttempts = (channel: Channel): number => channelEntry(channel).retrySeconds.length + 1;

/**
 * When to try again.
 *
 * @param attempts tries made so far, this one included.
 * @param retryAfterSeconds what the receiver asked for, if anything; never shortens the schedule.
 * @returns null when the schedule is used up.
 */
export function nextAttemptAt(
  channel: Channel,
  attempts: number,
  now: Date,
  retryAfterSeconds: number | null = null,
  random: () => number = Math.random,
): Date | null {
  const base = channelEntry(channel).retrySeconds[attempts - 1];
  if (base === undefined) return null;
  const jittered = base * (1 + JITTER * (2 * random() - 1));
  const asked = Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_MAX_SECONDS);
  return new Date(now.getTime() + Math.max(jittered, asked) * 1000);
}
