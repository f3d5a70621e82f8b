import { instantOf, wallClock } from "./zone.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/**
 * When quiet hours that hold now end, on the shop's wall clock; null when it is not quiet. Where the clock is changed
 * in between, that is the first minute that the clock shows and that is not quiet.
 *
 * @param from, until `HH:MM`; the span may cross midnight, its end is not part of it. Equal ones span nothing.
 * @param timeZone an IANA name.
 */
export function quietUntil(now: Date, from: string, until: string, timeZone: string): Date | null {
  const start = minutesOf(from);
  const end = minutesOf(until);
  const isQuiet = (at: Date | number): boolean => {
    const clock = wallClock(at, timeZone);
    const local = clock.getUTCHours() * 60 + clock.getUTCMinutes();
    return start <= end ? local >= start && local < end : local >= start || local < end;
  };
  if (!isQuiet(now)) return null;
  const today = wallClock(now, timeZone).setUTCHours(0, end, 0, 0);
  const last = instantOf(today, timeZone, "later") > now ? today : today + DAY_MINUTES * MINUTE_MS;
  const nextMinute = (Math.floor(now.getTime() / MINUTE_MS) + 1) * MINUTE_MS;
  const first = Math.max(instantOf(last, timeZone, "earlier").getTime(), nextMinute);
  // An end that the clock skips has no instant of its own, and one that comes twice may have gone by once. No zone skips
  // or repeats more than a day.
  for (let minutes = 0; minutes < DAY_MINUTES; minutes++) {
    const at = first + minutes * MINUTE_MS;
    if (!isQuiet(at)) return new Date(at);
  }
  return instantOf(last, timeZone, "later");
}
