const FORMAT =
  /^(19[7-9]\d|2\d{3})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(?:(Z)|([+-])(\d{2}):?(\d{2}))?)?$/i;

const MINUTE_MS = 60_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** How far the wall clock of a zone is ahead of UTC at an instant, in milliseconds. */
function zoneOffset(instant: number, timeZone: string): number {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formatters.set(timeZone, formatter);
  }
  const parts = new Map(formatter.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wall - Math.floor(instant / 1000) * 1000;
}

/** The instant at which a zone's clocks show `wall`, read as if it were UTC. */
function fromWallClock(wall: number, timeZone: string): number {
  const guess = wall - zoneOffset(wall, timeZone);
  // The guess may lie on the other side of a change of clocks.
  return wall - zoneOffset(guess, timeZone);
}

/**
 * Reads a date, or date and time, as spreadsheets and databases write them: `2026-11-20`, `2026-11-20 15:04`,
 * `2026-11-20T15:04:05.123Z`, `2026-11-20T10:04:05-05:00`. Without an offset it is the shop's own time.
 *
 * @returns RFC 3339 in UTC with milliseconds; null for another format, a date that does not exist or one before 1970.
 */
export function parseInstant(text: string, timeZone: string): string | null {
  const match = FORMAT.exec(text.trim());
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const milliseconds = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const check = new Date(wall);
  const exists =
    check.getUTCFullYear() === year &&
    check.getUTCMonth() === month - 1 &&
    check.getUTCDate() === day &&
    check.getUTCHours() === hour &&
    check.getUTCMinutes() === minute &&
    check.getUTCSeconds() === second;
  if (!exists) return null;
  if (match[8]) return check.toISOString();
  if (match[9]) {
    const offset = (Number(match[10]) * 60 + Number(match[11])) * MINUTE_MS;
    return new Date(match[9] === "-" ? wall + offset : wall - offset).toISOString();
  }
  return new Date(fromWallClock(wall, timeZone)).toISOString();
}
