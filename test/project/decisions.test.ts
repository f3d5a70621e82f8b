import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const FOLDER = "docs/decisions";
/** Inline code that looks like a file or folder of this repository. */
const PATH = /`((?:src|test|scripts|migrations|docs)\/[\w./-]+|[\w.-]+\.(?:ts|sql|json))`/g;

describe.each(globSync(`${FOLDER}/*.md`))("%s", (page) => {
  const text = readFileSync(page, "utf8");
  const found = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))];

  test("says what was decided, why, and what was rejected", () => {
    for (const part of ["**Decision.**", "## Why", "## Rejected"]) expect(text).toContain(part);
  });

  test("names files that exist, and links that lead somewhere", () => {
    expect(found(PATH).filter((path) => !existsSync(path))).toEqual([]);
    expect(found(/\]\((?!https:)([^)#]+)\)/g).filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});
