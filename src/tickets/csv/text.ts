import { fold } from "../../search/words.ts";

// Where a spreadsheet may see a formula begin, behind blanks and quotes: the characters that OWASP names (CSV Injection)
// and those that some add, `|` and `%`, with the full-width and small forms.
const FORMULA = '(?:[^\\S\\t\\r\\n]|")*[=+\\-@|%\\uff1d\\uff0b\\uff0d\\uff20\\ufe66\\ufe62\\ufe63\\ufe6b]';

// A program that splits at semicolons or tabs, as Excel does in French regions, sees our quotes in the midst of a cell,
// where they mean nothing: so each piece and each line of a text begins a cell of its own.
const STARTS = new RegExp(`(?:^'*(?=[\\t\\r\\n]|${FORMULA})|(?<=[;\\t\\r\\n])'*(?=${FORMULA}))`, "g");

/** A text that no spreadsheet takes for a formula, however it splits the file: an apostrophe stands before each. */
export const guarded = (value: string): string => value.replace(STARTS, "'$&");

/** Takes the apostrophes of `guarded` off again: `unguarded(guarded(text))` is the text, whatever it holds. */
export const unguarded = (value: string): string => value.replace(STARTS, (quotes) => quotes.slice(1));

/** Case, accents, spaces and punctuation aside: `Créé le` becomes `cree_le`. */
export const folded = (value: string): string =>
  fold(value)
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "");
