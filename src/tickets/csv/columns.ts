import type { Words } from "../../vocabulary/locales.ts";
import { PRIORITIES } from "../../vocabulary/priorities.ts";
import { STATUSES, type TicketStatus } from "../../vocabulary/statuses.ts";
import { FIELDS, FILE_FIELDS, type FileField } from "../fields.ts";
import { folded } from "./text.ts";
import { unreadable } from "./unreadable.ts";

/** What an import reads of a line, by its English column name. */
export type ImportColumn = "ticket_id" | "machine" | FileField;

/** Each column with the other names that a header may use, folded. docs/import.md lists them. */
const NAMES: readonly (readonly [ImportColumn, readonly string[]])[] = [
  ["ticket_id", ["numero"]],
  ["machine", ["machine_name"]],
  ...FILE_FIELDS.map((field) => [field, FIELDS[field].file] as const),
];
export const IMPORT_COLUMNS = NAMES.map(([column]) => column);

/** Most columns that a header may have, those that are not read included. */
export const MAX_COLUMNS = 100;

/** A table's ids and its words in every language, folded, each to its id. */
const wordsOf = <Id extends string>(table: Record<Id, { words: Words }>): Record<string, Id> =>
  Object.fromEntries(
    (Object.keys(table) as Id[]).flatMap((id) =>
      [id, ...Object.values(table[id].words)].map((word) => [folded(word), id]),
    ),
  );

/** Other words that old files use, folded. */
const STATUS_WORDS: Record<string, TicketStatus> = {
  ...wordsOf(STATUSES),
  en_diagnostic: "diagnostic",
  attente_pieces: "waiting_parts",
};

const FLAG_WORDS: Record<string, boolean> = {
  true: true,
  yes: true,
  oui: true,
  vrai: true,
  "1": true,
  false: false,
  no: false,
  non: false,
  faux: false,
  "0": false,
};

/** Longer than any word that is known; folding a field of megabytes would be work for nothing. */
const LONGEST_WORD = 100;

const lookUp =
  <T>(known: Record<string, T>) =>
  (value: string): T | undefined => {
    if (value.length > LONGEST_WORD) return undefined;
    const word = folded(value);
    return Object.hasOwn(known, word) ? known[word] : undefined;
  };

/** A status in English or French, whatever its case and accents. */
export const statusOf = lookUp(STATUS_WORDS);
/** A priority in English or French. */
export const priorityOf = lookUp(wordsOf(PRIORITIES));
/** Yes or no in English, French or as 1 and 0. */
export const flagOf = lookUp(FLAG_WORDS);

const aliasOf = lookUp<ImportColumn>(
  Object.fromEntries(NAMES.flatMap(([column, others]) => [column, ...others].map((name) => [name, column]))),
);

/** Which column each field of a header names; undefined: one that an import does not read. */
export const columnsOf = (header: string[]): (ImportColumn | undefined)[] => header.map(aliasOf);

/**
 * Checks that a table can be read at all.
 *
 * @throws AppError `invalid_csv` naming what is missing or ambiguous.
 */
export function checkColumns(columns: (ImportColumn | undefined)[]): void {
  const named = columns.filter((column) => column !== undefined);
  const twice = named.find((column, index) => named.indexOf(column) !== index);
  if (twice) throw unreadable(`two columns mean '${twice}'`, `deux colonnes veulent dire « ${twice} »`);
  const missing = (column: string) =>
    unreadable(`there is no column '${column}'`, `il manque la colonne « ${column} »`);
  if (!named.includes("title")) throw missing("title");
  if (!named.includes("machine") && !named.includes("machine_id")) throw missing("machine");
}
