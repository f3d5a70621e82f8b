const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * The month part of a ticket number: `MMYY` of this instant on the shop's wall clock (contract section 4).
 *
 * @param timeZone an IANA name.
 */
export function monthCode(instant: Date, timeZone: string): string {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", { timeZone, month: "2-digit", year: "2-digit" });
    formatters.set(timeZone, formatter);
  }
  const parts = formatter.formatToParts(instant);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? "";
  return part("month") + part("year");
}
