import Papa from "papaparse";
import { AppError } from "../../problem.ts";
import { unreadable } from "./unreadable.ts";

/** Most characters of one line of a table, line ends within quotes included. */
export const MAX_LINE_CHARACTERS = 100_000;
/** Characters that are collected before they are read: pieces may come byte by byte. */
const STEP_CHARACTERS = 64 * 1024;
/** Characters that may be read again after broken quotes, before a file is given back. */
const MAX_READ_AGAIN = 24 * 1024 * 1024;

/** One line of a table, or what stands where its fields cannot be told apart. */
export interface RawRecord {
  /** Where it begins in the file, from 1. */
  line: number;
  fields: string[];
  broken: "quotes" | "length" | null;
}

/** How a table is written. */
export interface Format {
  delimiter: string;
  newline: "\r" | "\n";
}

/** The refusal of a file whose header is too long to be one. */
export const lineTooLong = (line: number): AppError =>
  new AppError("line_too_long", { params: { line, limit: MAX_LINE_CHARACTERS } });

const lineEnds = (field: string): number => field.match(/\r\n?|\n/g)?.length ?? 0;

const tooManyBroken = (line: number) =>
  unreadable(
    `too many lines have broken quotes; reading stopped at line ${line}`,
    `trop de lignes ont des guillemets mal fermés ; lecture arrêtée à la ligne ${line}`,
  );

/** A line feed ends every line but those of a file without any; what stands before it is trimmed off with the field. */
const withoutReturn = (fields: string[]): string[] =>
  fields.at(-1)?.endsWith("\r") ? fields.with(-1, fields.at(-1)?.slice(0, -1) ?? "") : fields;

/**
 * Cuts a table into its records while it arrives, quotes as in RFC 4180. Where it is cut into pieces makes no
 * difference, and no more of it is kept than a line may hold. Beyond broken quotes, which could swallow everything up to
 * the next quote, and beyond the length of a line, reading goes on with the line after the first one of the record.
 *
 * @param delimiterOf the separator that a first line tells.
 * @param take is handed each record; what it throws ends the reading.
 */
export function recordReader(delimiterOf: (firstLine: string) => string, take: (record: RawRecord) => void) {
  let format: Format | null = null;
  let text = "";
  let fresh = 0;
  let line = 1;
  let isSkipping = false;
  let readAgain = 0;

  /** Finds out how the table is written as soon as its first line is there. */
  function detect(isLast: boolean): Format | null {
    const end = text.search(/\r[\s\S]|\n/);
    if (end === -1 && !isLast && text.length <= MAX_LINE_CHARACTERS) return null;
    const first = end === -1 ? text.replace(/\r$/, "") : text.slice(0, end);
    const isOldMac = end === -1 ? text.endsWith("\r") : text[end] === "\r" && text[end + 1] !== "\n";
    if (first.length > MAX_LINE_CHARACTERS) throw lineTooLong(line);
    return { delimiter: delimiterOf(first), newline: isOldMac ? "\r" : "\n" };
  }

  /** Hands over the records that are whole. @returns where the next begins, and whether its quotes are broken. */
  function takeWhole(table: string, { delimiter, newline }: Format, isLast: boolean) {
    let end = 0;
    let isBroken = false;
    const parser: Papa.Parser = new Papa.Parser({
      delimiter,
      newline,
      fastMode: false,
      step: ({ data, errors, meta }: Papa.ParseStepResult<string[][]>) => {
        isBroken = errors.length > 0 || meta.cursor - end > MAX_LINE_CHARACTERS;
        if (isBroken) return parser.abort();
        // Nothing follows the last line end.
        if (meta.cursor === end) return;
        const fields = withoutReturn(data[0] ?? []);
        take({ line, fields, broken: null });
        line += 1 + fields.reduce((count, field) => count + lineEnds(field), 0);
        end = meta.cursor;
      },
    });
    parser.parse(table, 0, !isLast);
    return { end, isBroken: isBroken || (!isLast && table.length - end > MAX_LINE_CHARACTERS) };
  }

  /** Passes over a line of which nothing can be read. @returns where the next begins, or the end. */
  function pass(from: number, newline: string): number {
    const end = text.indexOf(newline, from);
    isSkipping = end === -1;
    if (isSkipping) return text.length;
    line++;
    return end + 1;
  }

  function read(isLast: boolean): void {
    fresh = 0;
    format ??= detect(isLast);
    if (!format) return;
    const { newline } = format;
    let begin = isSkipping ? pass(0, newline) : 0;
    while (begin < text.length) {
      const { end, isBroken } = takeWhole(text.slice(begin), format, isLast);
      begin += end;
      if (!isBroken) break;
      readAgain += text.length - begin;
      if (readAgain > MAX_READ_AGAIN) throw tooManyBroken(line);
      const lineEnd = text.indexOf(newline, begin);
      const length = (lineEnd === -1 ? text.length : lineEnd + 1) - begin;
      take({ line, fields: [], broken: length > MAX_LINE_CHARACTERS ? "length" : "quotes" });
      begin = pass(begin, newline);
    }
    text = text.slice(begin);
  }

  return {
    push(piece: string): void {
      for (let begin = 0; begin < piece.length; begin += STEP_CHARACTERS) {
        const part = piece.slice(begin, begin + STEP_CHARACTERS);
        text += part;
        fresh += part.length;
        if (fresh >= STEP_CHARACTERS) read(false);
      }
    },
    end(): void {
      read(true);
    },
  };
}
