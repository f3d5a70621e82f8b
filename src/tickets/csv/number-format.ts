/** A number that a ticket brings along from before. */
export interface KeptNumber {
  ticket_id: string;
  code: string;
  /** MMYY, when it is counted like ours; null for a number by year, which no counter of ours can meet. */
  month: string | null;
  number: number;
}

const FORMAT = /^([A-Z]{2,6})-([0-9]{2})([0-9]{2})-([0-9]{4,9})$/;

/**
 * Reads a ticket number in one of the known formats, `TYPE-MMYY-NNNN` and `TYPE-YYYY-NNNN`. No year begins with a
 * month, so one never looks like the other.
 *
 * @returns null for anything else.
 */
export function parseNumber(text: string): KeptNumber | null {
  const ticket_id = text.trim().toUpperCase();
  const [, code = "", first = "", second = "", digits = ""] = FORMAT.exec(ticket_id) ?? [];
  const isMonth = first >= "01" && first <= "12";
  if (!isMonth && first !== "19" && first !== "20") return null;
  return { ticket_id, code, month: isMonth ? first + second : null, number: Number(digits) };
}
