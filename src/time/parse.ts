import { boundedInstant } from "./bounds.ts";
import { instantOf } from "./zone.ts";

const FORMAT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(?:(Z)|([+-])([01]\d|2[0-3]):?([0-5]\d))?)?$/i;

const MINUTE_MS = 60_000;

/**
 * Reads a date, or date and time, as spreadsheets and databases write them: `2026-11-20`, `2026-11-20 15:04`,
 * `2026-11-20T15:04:05.123Z`, `2026-11-20T10:04:05-05:00`. Without an offset it is the shop's own time.
 *
 * @returns RFC 3339 in UTC with milliseconds; null for another format, a date that does not exist or one outside of
 *   2000-2099.
 */
export function parseInstant(text: string, timeZone: string): string | null {
  const match = FORMAT.exec(text.trim());
  if (!match) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", utc, sign] = match;
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
  const wall = new Date(written);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(wall.getTime()) || wall.toISOString() !== written) return null;
  if (utc) return boundedInstant(wall.getTime());
  if (!sign) return boundedInstant(instantOf(wall, timeZone).getTime());
  const offset = (Number(match[10]) * 60 + Number(match[11])) * MINUTE_MS;
  return boundedInstant(wall.getTime() + (sign === "-" ? offset : -offset));
}
