const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

function localMinutes(instant: Date, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const parts = format.formatToParts(instant);
  const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? 0);
  return part("hour") * 60 + part("minute");
}

/**
 * When quiet hours that hold now end, on the shop's wall clock; null when it is not quiet.
 *
 * @param from, until `HH:MM`; the span may cross midnight, its end is not part of it.
 * @param timeZone an IANA name.
 */
export function quietUntil(now: Date, from: string, until: string, timeZone: string): Date | null {
  const start = minutesOf(from);
  const end = minutesOf(until);
  const local = localMinutes(now, timeZone);
  const quiet = start <= end ? local >= start && local < end : local >= start || local < end;
  if (!quiet) return null;
  const minute = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
  const wait = (end - local + DAY_MINUTES) % DAY_MINUTES;
  const at = new Date(minute.getTime() + wait * MINUTE_MS);
  // A clock that was changed in between shows another time by then.
  const drift = ((localMinutes(at, timeZone) - end + DAY_MINUTES * 1.5) % DAY_MINUTES) - DAY_MINUTES / 2;
  return new Date(at.getTime() - drift * MINUTE_MS);
}
