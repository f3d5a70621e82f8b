// Zones are asked through tzOffset of @date-fns/tz: 0.3 KiB of the Worker where temporal-polyfill is 9. Not through its
// TZDate, which takes the second of two equal times in some zones and so begins their days an hour late. workerd has no
// Temporal yet; when it has, this file is what changes.
import { tzOffset } from "@date-fns/tz/tzOffset";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
const offsetAt = (at: number, timeZone: string): number => tzOffset(timeZone, new Date(at)) * MINUTE_MS;

/**
 * What the clocks of a zone show at an instant, as a date whose UTC fields are to be read.
 *
 * @param timeZone an IANA name.
 */
export const wallClock = (instant: Date | number, timeZone: string): Date =>
  new Date(Number(instant) + offsetAt(Number(instant), timeZone));

/**
 * The instant at which the clocks of a zone show this, as Temporal's "compatible", "earlier" and "later" have it: of two
 * instants the first is meant, a time that is skipped is moved on by what is skipped.
 *
 * @param wall what they show, as if it were UTC.
 * @param which of two instants; of a time that is skipped, whether it is moved back or on.
 */
export function instantOf(wall: Date | number, timeZone: string, which?: "earlier" | "later"): Date {
  const local = Number(wall);
  const [before, after] = [offsetAt(local - DAY_MS, timeZone), offsetAt(local + DAY_MS, timeZone)];
  const shown = [before, after].filter((offset) => offsetAt(local - offset, timeZone) === offset);
  const offset = (which === "later" ? shown.at(-1) : shown[0]) ?? (which === "earlier" ? after : before);
  return new Date(local - offset);
}

/** Whether this names a time zone. */
export const isTimeZone = (name: string): boolean => name !== "" && !Number.isNaN(tzOffset(name, new Date(0)));
