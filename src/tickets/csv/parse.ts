import Papa from "papaparse";
import { AppError } from "../../problem.ts";
import { checkColumns, columnsOf, type ImportColumn, MAX_COLUMNS } from "./columns.ts";
import { lineTooLong, MAX_LINE_CHARACTERS, type RawRecord, recordReader } from "./records.ts";
import { unreadable } from "./unreadable.ts";

/** Most tickets that one file may hold; of blank lines it may hold as many. */
export const MAX_LINES = 10_000;
const SEPARATORS = [",", ";", "\t"];

/** One line of a table, its fields by column. Empty fields are left out. */
export interface CsvLine {
  /** Where it begins in the file; the header is line 1. */
  line: number;
  fields: Partial<Record<ImportColumn, string>>;
  /** Why its fields cannot be told apart, if so. */
  broken: string | null;
}

const BROKEN = {
  quotes: `a quoted field does not end where it should, or ends beyond ${MAX_LINE_CHARACTERS} characters`,
  length: `is longer than ${MAX_LINE_CHARACTERS} characters`,
};

/** The separator by which the first line names the most columns. */
function separatorOf(firstLine: string): string {
  const headerBy = (delimiter: string): string[] =>
    new Papa.Parser({ delimiter, newline: "\n", preview: 1 }).parse(firstLine, 0, false).data[0] ?? [];
  const known = SEPARATORS.map((separator) => columnsOf(headerBy(separator)).filter(Boolean).length);
  return SEPARATORS[known.indexOf(Math.max(...known))] ?? ",";
}

function headerOf({ line, fields, broken }: RawRecord): (ImportColumn | undefined)[] {
  if (broken === "length") throw lineTooLong(line);
  if (broken) throw unreadable("the header has a broken quote", "l'en-tête a un guillemet mal fermé");
  if (fields.length > MAX_COLUMNS) throw new AppError("too_many_columns", { params: { line, limit: MAX_COLUMNS } });
  const columns = columnsOf(fields);
  checkColumns(columns);
  return columns;
}

function lineOf({ line, fields, broken }: RawRecord, columns: (ImportColumn | undefined)[]): CsvLine {
  const surplus = fields.slice(columns.length).some((field) => field.trim() !== "");
  const named = columns.flatMap((column, index) => {
    const field = fields[index] ?? "";
    return column && field.trim() !== "" ? [[column, field] as const] : [];
  });
  const why = broken && BROKEN[broken];
  return {
    line,
    fields: Object.fromEntries(named),
    broken: surplus ? "has more fields than the header; is a quote missing?" : why,
  };
}

/**
 * Reads a table of tickets while it arrives: comma, semicolon or tab, quotes as in RFC 4180. Blank lines count, but are
 * not tickets. Reading ends with the first line beyond a limit; what follows is never looked at.
 *
 * @throws AppError `invalid_csv`, `too_many_lines`, `too_many_columns`, `line_too_long`.
 */
export async function parseCsv(text: AsyncIterable<string> | Iterable<string>): Promise<CsvLine[]> {
  const lines: CsvLine[] = [];
  let blank = 0;
  let columns: (ImportColumn | undefined)[] | null = null;
  const reader = recordReader(separatorOf, (record) => {
    if (!columns) {
      columns = headerOf(record);
      return;
    }
    const isBlank = !record.broken && record.fields.every((field) => field.trim() === "");
    if (isBlank ? blank++ === MAX_LINES : lines.length === MAX_LINES) {
      throw new AppError("too_many_lines", { params: { limit: MAX_LINES, line: record.line } });
    }
    if (!isBlank) lines.push(lineOf(record, columns));
  });
  for await (const piece of text) reader.push(piece);
  reader.end();
  if (!columns) throw unreadable("it has no header", "il n'a pas d'en-tête");
  return lines;
}
