/**
 * How a spreadsheet recognises a formula: the first character that it sees, also in its full-width form; a tab or
 * line end before it does not help.
 */
const FORMULA = "[\\t\\r\\n]|\\s*[=+\\-@\\uff1d\\uff0b\\uff0d\\uff20]";

/** Text that must not reach a spreadsheet as it is. Papaparse writes an apostrophe before it. */
export const FORMULA_START = new RegExp(`^(?:${FORMULA})`);

const GUARDED = new RegExp(`^'(?=${FORMULA})`);

/** Takes the apostrophe of our own export off again, so that a file comes back as it went out. */
export const unguarded = (value: string): string => value.replace(GUARDED, "");

/** Case, accents, spaces and punctuation aside: `Créé le` becomes `cree_le`. */
export const folded = (value: string): string =>
  value
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "");
