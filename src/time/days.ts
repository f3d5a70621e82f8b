import { instantOf, wallClock } from "./zone.ts";

const DAY_MS = 24 * 60 * 60_000;

/** A day of the shop's wall clock as a span of instants; 23 or 25 hours long where the clock changes. */
export interface Day {
  /** `YYYY-MM-DD` */
  day: string;
  start: Date;
  end: Date;
}

const isoDate = (date: Date): string => date.toISOString().slice(0, 10);

/** The local date at an instant, `YYYY-MM-DD`. */
export const localDate = (instant: Date, timeZone: string): string => isoDate(wallClock(instant, timeZone));

/**
 * The local days that a span of instants touches, whole: the first may begin before the span, the last end after it. A
 * date that the zone never had is none of them.
 *
 * @param timeZone an IANA name.
 */
export function localDays(from: Date, to: Date, timeZone: string): Day[] {
  if (from >= to) return [];
  const first = Date.parse(localDate(from, timeZone));
  const last = Date.parse(localDate(new Date(to.getTime() - 1), timeZone));
  const dates = Array.from({ length: (last - first) / DAY_MS + 2 }, (_, index) => new Date(first + index * DAY_MS));
  const starts = dates.map((date) => instantOf(date, timeZone));
  return dates.slice(0, -1).flatMap((date, index) => {
    const [start = date, end = date] = starts.slice(index, index + 2);
    return start < end ? [{ day: isoDate(date), start, end }] : [];
  });
}
