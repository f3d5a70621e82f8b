import { describe, expect, test } from "vitest";
import { TICKET_STATUSES } from "../../src/vocabulary/statuses.ts";
import { en } from "../../src/web/words/en.ts";
import { fr } from "../../src/web/words/fr.ts";
import { languageOfPhone } from "../../src/web/words/words.ts";

/** Every text of a dictionary under its path; functions are given a number that is also a text. */
function texts(entry: unknown, path = ""): [string, string][] {
  if (typeof entry === "function") return [[path, (entry as (...values: unknown[]) => string)("2", "2", "2")]];
  if (typeof entry === "string") return [[path, entry]];
  return Object.entries(entry as object).flatMap(([name, part]) => texts(part, path === "" ? name : `${path}.${name}`));
}

describe("French", () => {
  test("has a word for everything, and says it otherwise than English", () => {
    expect(texts(fr).map(([path]) => path)).toEqual(texts(en).map(([path]) => path));
    expect(texts(fr).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  test.each(texts(fr))("%s keeps its marks on their line: %s", (_, text) => {
    expect(text).not.toMatch(/[^\u202f\d][;:!?»]|\s…|«[^\u202f]|'/);
  });

  test("and English say one and many apart", () => {
    expect(fr.queue.emptyUnassigned(1)).toBe("1 billet n’est à personne.");
    expect(fr.queue.emptyUnassigned(2)).toBe("2 billets ne sont à personne.");
    expect(en.queue.emptyUnassigned(1)).toBe("1 ticket is nobody’s.");
    expect(en.queue.emptyUnassigned(3)).toBe("3 tickets are nobody’s.");
  });
});

test("English uses the apostrophe of print, too", () => {
  expect(texts(en).filter(([, text]) => text.includes("'"))).toEqual([]);
});

test("every status has a word in both", () => {
  for (const words of [en, fr]) expect(Object.keys(words.status)).toEqual(TICKET_STATUSES);
});

test.each([
  [["fr-CA", "en"], "fr"],
  [["de-DE", "en-GB", "fr"], "en"],
  [["de"], "en"],
  [[], "en"],
] as const)("a phone that speaks %j is spoken to in %s", (wanted, language) => {
  expect(languageOfPhone(wanted)).toBe(language);
});
