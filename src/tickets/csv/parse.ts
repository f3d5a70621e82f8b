import Papa from "papaparse";
import { AppError } from "../../problem.ts";
import { checkColumns, columnsOf, type ImportColumn } from "./columns.ts";

/** Most tickets that one file may hold. */
export const MAX_LINES = 10_000;
/** Characters that may be read again after broken quotes, before a file is given back. */
const MAX_READ_AGAIN = 64 * 1024 * 1024;
const SEPARATORS = [",", ";", "\t"];

/** One line of a table, its fields by column. Empty fields are left out. */
export interface CsvLine {
  /** Where it begins in the file; the header is line 1. */
  line: number;
  fields: Partial<Record<ImportColumn, string>>;
  /** Why its fields cannot be told apart, if so. */
  broken: string | null;
}

const unreadable = (reason: string) => new AppError("invalid_csv", { params: { reason } });

/**
 * Decodes a file: UTF-8 unless its `Content-Type` names another charset. Line ends become `\n`, a byte order mark goes.
 *
 * @throws AppError `unsupported_media_type` for an unknown charset, `invalid_csv` for bytes that it does not have.
 */
export function decodeCsv(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: false });
  } catch {
    throw new AppError("unsupported_media_type", { params: { expected: "text/csv; charset=utf-8" } });
  }
  try {
    return decoder.decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    throw unreadable(`it is not ${charset}`);
  }
}

const headerBy = (text: string, delimiter: string): string[] =>
  new Papa.Parser({ delimiter, newline: "\n", preview: 1 }).parse(text, 0, false).data[0] ?? [];

/** The separator by which the first line names the most columns. */
function separatorOf(text: string): string {
  const end = text.indexOf("\n");
  const firstLine = end === -1 ? text : text.slice(0, end);
  const known = SEPARATORS.map((separator) => columnsOf(headerBy(firstLine, separator)).filter(Boolean).length);
  return SEPARATORS[known.indexOf(Math.max(...known))] ?? ",";
}

interface RawRecord {
  line: number;
  fields: string[];
  broken: string | null;
}

/**
 * Hands every record over, with the line on which it begins. A record with broken quotes could swallow everything up
 * to the next quote, so reading goes on with the line after its first one.
 */
function eachRecord(text: string, delimiter: string, take: (record: RawRecord) => void): void {
  let line = 1;
  let begin = 0;
  let readAgain = 0;
  while (begin < text.length) {
    const rest = text.slice(begin);
    let recordBegin = 0;
    const parser: Papa.Parser = new Papa.Parser({
      delimiter,
      newline: "\n",
      fastMode: false,
      step: ({ data, errors, meta }: Papa.ParseStepResult<string[][]>) => {
        if (errors.length > 0) {
          readAgain += meta.cursor - recordBegin;
          if (readAgain > MAX_READ_AGAIN) throw unreadable("too many lines have broken quotes");
          take({ line, fields: [], broken: "a quoted field does not end where it should" });
          const end = rest.indexOf("\n", recordBegin);
          begin = end === -1 ? text.length : begin + end + 1;
          line++;
          parser.abort();
          return;
        }
        const fields = data[0] ?? [];
        take({ line, fields, broken: null });
        line += 1 + fields.reduce((count, field) => count + field.split("\n").length - 1, 0);
        recordBegin = meta.cursor;
      },
    });
    const { meta } = parser.parse(rest, 0, false);
    if (!meta.aborted) return;
  }
}

function lineOf({ line, fields, broken }: RawRecord, columns: (ImportColumn | undefined)[]): CsvLine {
  const surplus = fields.slice(columns.length).some((field) => field.trim() !== "");
  const named = fields.flatMap((field, index) => {
    const column = columns[index];
    return column && field.trim() !== "" ? [[column, field] as const] : [];
  });
  return {
    line,
    fields: Object.fromEntries(named),
    broken: surplus ? "has more fields than the header; is a quote missing?" : broken,
  };
}

/**
 * Reads a table of tickets: comma, semicolon or tab, quotes as in RFC 4180. Blank lines count, but are not tickets.
 *
 * @throws AppError `invalid_csv`, `too_many_lines`.
 */
export function parseCsv(text: string): CsvLine[] {
  const lines: CsvLine[] = [];
  let columns: (ImportColumn | undefined)[] | null = null;
  eachRecord(text, separatorOf(text), (record) => {
    if (!columns) {
      if (record.broken) throw unreadable("the header has a broken quote");
      columns = columnsOf(record.fields);
      checkColumns(columns);
      return;
    }
    if (!record.broken && record.fields.every((field) => field.trim() === "")) return;
    if (lines.length === MAX_LINES) throw new AppError("too_many_lines", { params: { limit: MAX_LINES } });
    lines.push(lineOf(record, columns));
  });
  if (!columns) throw unreadable("it has no header");
  return lines;
}
