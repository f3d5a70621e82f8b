// When a failed try is made again: configuration, in seconds (contract section 5).

export const CHANNELS = ["push", "webhook", "email", "stripe"] as const;
export type Channel = (typeof CHANNELS)[number];

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds to wait after the first, second, ... failed try. After the last one the delivery has failed. */
export const RETRY_SECONDS: Record<Channel, readonly number[]> = {
  push: [10, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 4 * HOUR],
  webhook: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
  email: [30, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR],
  stripe: [5, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR],
};

/** Each wait varies by this share either way, so that receivers do not meet every retry at once. */
const JITTER = 0.2;

/** A receiver's Retry-After is honoured up to this, so that a mistaken header cannot hold a delivery for a year. */
export const RETRY_AFTER_MAX_SECONDS = 6 * HOUR;

/**
 * How long a claimed delivery belongs to its worker. Above the slowest invocation: four pushes to ten phones that
 * all hang, five at a time for ten seconds, take 80.
 */
export const LEASE_SECONDS = 180;

export const maxAttempts = (channel: Channel): number => RETRY_SECONDS[channel].length + 1;

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
  const base = RETRY_SECONDS[channel][attempts - 1];
  if (base === undefined) return null;
  const jittered = base * (1 + JITTER * (2 * random() - 1));
  const asked = Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_MAX_SECONDS);
  return new Date(now.getTime() + Math.max(jittered, asked) * 1000);
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds or a date, up to RETRY_AFTER_MAX_SECONDS. Anything else counts
 * as absent.
 */
export function retryAfterSeconds(header: string | null, now: Date): number | null {
  if (header === null) return null;
  if (/^[0-9]+$/.test(header.trim())) return Math.min(Number(header), RETRY_AFTER_MAX_SECONDS);
  if (!/^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} /.test(header)) return null;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, (at - now.getTime()) / 1000), RETRY_AFTER_MAX_SECONDS);
}
