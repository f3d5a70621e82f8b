const DAY_MS = 24 * 60 * 60_000;

/** A day of the shop's wall clock as a span of instants; 23 or 25 hours long where the clock changes. */
export interface Day {
  day: string;
  start: string;
  end: string;
}

function localDate(instant: Date, formatter: Intl.DateTimeFormat): string {
  const parts = formatter.formatToParts(instant);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** The first instant of a local date: found by halving, because zones change at any hour and by any amount. */
function startOf(date: string, formatter: Intl.DateTimeFormat): Date {
  const noon = Date.parse(`${date}T12:00:00Z`);
  let before = noon - 2 * DAY_MS;
  let within = noon + DAY_MS;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (localDate(new Date(middle), formatter) >= date) within = middle;
    else before = middle;
  }
  return new Date(within);
}

/**
 * The local days that a span of instants touches, the first and last cut to the span.
 *
 * @param timeZone an IANA name.
 */
export function localDays(from: Date, to: Date, timeZone: string): Day[] {
  const formatter = new Intl.DateTimeFormat("en-US", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const days: Day[] = [];
  let start = from;
  while (start < to) {
    const day = localDate(start, formatter);
    const next = new Date(Date.parse(`${day}T12:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
    const end = startOf(next, formatter);
    const stop = end < to ? end : to;
    days.push({ day, start: start.toISOString(), end: stop.toISOString() });
    start = stop;
  }
  return days;
}
