import { wallClock } from "./zone.ts";

let latest: { minute: number; timeZone: string; code: string } | undefined;

/**
 * The month part of a ticket number: `MMYY` of this instant on the shop's wall clock (contract section 4).
 *
 * @param timeZone an IANA name.
 */
export function monthCode(instant: Date, timeZone: string): string {
  // Clocks change on whole minutes, so within one the month stays: asking the zone costs more than all else here.
  const minute = Math.floor(instant.getTime() / 60_000);
  if (latest?.minute === minute && latest.timeZone === timeZone) return latest.code;
  const local = wallClock(instant, timeZone).toISOString();
  const code = local.slice(5, 7) + local.slice(2, 4);
  latest = { minute, timeZone, code };
  return code;
}
