const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** A wall clock: minutes since midnight at an instant. */
function wallClock(timeZone: string): (instant: Date) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return (instant) => {
    const parts = format.formatToParts(instant);
    const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0);
    return part("hour") * 60 + part("minute");
  };
}

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
  const clock = wallClock(timeZone);
  const isQuiet = (local: number) => (start <= end ? local >= start && local < end : local >= start || local < end);
  const local = clock(now);
  if (!isQuiet(local)) return null;
  const minute = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  const wait = (end - local + DAY_MINUTES) % DAY_MINUTES;
  const guess = minute + wait * MINUTE_MS;
  // A clock that was put forward or back in between shows another time by then.
  const drift = ((clock(new Date(guess)) - end + DAY_MINUTES * 1.5) % DAY_MINUTES) - DAY_MINUTES / 2;
  let at = Math.max(guess - drift * MINUTE_MS, minute + MINUTE_MS);
  // An end that the clock skips has no instant of its own: the skipped hour is walked through.
  while (isQuiet(clock(new Date(at)))) at += MINUTE_MS;
  return new Date(at);
}
