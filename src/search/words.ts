/** Words kept per ticket: more than any report needs, few enough to bound a creation. */
const WORDS_PER_TEXT = 200;
/** Longest word that is told apart; longer ones match by their beginning. */
const WORD_CHARACTERS = 40;

/** A text in lower case without accents: `Électrobroche` gives `electrobroche`. */
export const fold = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase();

/**
 * The distinct words of a text, folded so that case and accents do not matter: `Électrobroche n°2` gives
 * `electrobroche`, `n`, `2`.
 */
export function words(...texts: (string | null | undefined)[]): string[] {
  const found = new Set<string>();
  for (const [word] of fold(texts.join(" ")).matchAll(/[\p{L}\p{N}]+/gu)) {
    found.add(word.length > WORD_CHARACTERS ? [...word].slice(0, WORD_CHARACTERS).join("") : word);
    if (found.size === WORDS_PER_TEXT) break;
  }
  return [...found];
}

/** Words as one searchable text, each with a space before it: a word begins with `x` where ` x` stands in it. */
export const asSearchText = (found: string[]): string => found.map((word) => ` ${word}`).join("");

/** The words of a few texts as one searchable text. */
export const searchText = (...texts: (string | null | undefined)[]): string => asSearchText(words(...texts));
