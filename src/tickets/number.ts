const formatters = new Map<string, Intl.DateTimeFormat>();
let latest: { minute: number; timeZone: string; code: string } | undefined;

/**
 * The month part of a ticket number: `MMYY` of this instant on the shop's wall clock (contract section 4).
 *
 * @param timeZone an IANA name.
 */
export function monthCode(instant: Date, timeZone: string): string {
  // Clocks change on whole minutes, so within one the month stays: formatting costs more than all else here.
  const minute = Math.floor(instant.getTime() / 60_000);
  if (latest?.minute === minute && latest.timeZone === timeZone) return latest.code;
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", { timeZone, month: "2-digit", year: "2-digit" });
    formatters.set(timeZone, formatter);
  }
  const parts = formatter.formatToParts(instant);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? "";
  const code = part("month") + part("year");
  latest = { minute, timeZone, code };
  return code;
}
