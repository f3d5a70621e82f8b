/** A receiver's Retry-After is honoured up to this, so that a mistaken header cannot hold a delivery for a year. */
export const RETRY_AFTER_MAX_SECONDS = 6 * 60 * 60;

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
