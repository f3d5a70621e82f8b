import { signal } from "@preact/signals";
import { language, words } from "./words.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The shop's own IANA zone. Until the server has said which it is: the phone's. */
export const timeZone = signal<string | undefined>(undefined);

/** The instant that is shown as now, raised once a minute while the page is visible. */
export const now = signal(Date.now());

const formats = new Map<string, Intl.DateTimeFormat>();
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language.value} ${timeZone.value} ${JSON.stringify(options)}`;
  const known =
    formats.get(key) ?? new Intl.DateTimeFormat(`${language.value}-CA`, { timeZone: timeZone.value, ...options });
  formats.set(key, known);
  return known;
}

/** The calendar day of an instant in the shop, as `2026-11-26`. */
const dayOf = (instant: number): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: timeZone.value, dateStyle: "short" }).format(instant);

/** `07:03` */
export const clock = (instant: number): string =>
  format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(instant)
    .replace(/\s*h\s*/, ":");

/** `today 07:03`, `yesterday 07:03`, `Mon. 07:03` within a week, else `12 Nov 07:03`, with the year of another one. */
export function moment(at: string): string {
  const instant = Date.parse(at);
  return `${day(instant)} ${clock(instant)}`;
}

/** The day alone, in the same words. */
export function day(instant: number): string {
  const [of, today] = [dayOf(instant), dayOf(now.value)];
  if (of === today) return words.value.today;
  if (of === dayOf(now.value - DAY)) return words.value.yesterday;
  const age = now.value - instant;
  if (age > 0 && age < 6 * DAY) return format({ weekday: "short" }).format(instant);
  const year = of.slice(0, 4) === today.slice(0, 4) ? undefined : "numeric";
  return format({ day: "numeric", month: "short", year }).format(instant);
}

/** How long ago: `7 min`, `1 h 12`, `3 d 4 h`. */
export function since(at: string): string {
  const elapsed = Math.max(0, now.value - Date.parse(at));
  if (elapsed < HOUR) return words.value.minutes(Math.floor(elapsed / MINUTE));
  const hours = Math.floor(elapsed / HOUR);
  if (elapsed < DAY) return words.value.hours(hours, String(Math.floor((elapsed % HOUR) / MINUTE)).padStart(2, "0"));
  return words.value.days(Math.floor(elapsed / DAY), hours % 24);
}

/** The size of a file: `410 kB`, `1.2 MB`. */
export function bytes(count: number): string {
  const [amount, unit] = count < 1e6 ? ([count / 1e3, "kB"] as const) : ([count / 1e6, "MB"] as const);
  const digits = unit === "MB" && amount < 10 ? 1 : 0;
  const text = new Intl.NumberFormat(`${language.value}-CA`, { maximumFractionDigits: digits }).format(
    Math.max(1, amount),
  );
  return words.value.bytes(text, unit);
}
