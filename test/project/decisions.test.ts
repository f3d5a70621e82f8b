import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const FOLDER = "docs/decisions";
/** Inline code that looks like a file or folder of this repository. */
const PATH = /`((?:src|test|scripts|migrations|docs)\/[\w./-]+|[\w.-]+\.(?:ts|sql|json))`/g;

const INDEX = `${FOLDER}/README.md`;
const pages = globSync(`${FOLDER}/*.md`).filter((page) => page !== INDEX);

test("the index names every page, and no other", () => {
  const named = [...readFileSync(INDEX, "utf8").matchAll(/^\| \[[^\]]+\]\(([\w-]+\.md)\)/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(pages.map((page) => basename(page)).sort());
});

describe.each(pages)("%s", (page) => {
  const text = readFileSync(page, "utf8");
  const found = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = ""]) => name))];

  test("says what was decided, why, what was rejected, and when to look again", () => {
    for (const part of ["**Decision.**", "## Why", "## Rejected", "## When to look again"])
      expect(text).toContain(part);
  });

  test("names files that exist, and links that lead somewhere", () => {
    expect(found(PATH).filter((path) => !existsSync(path))).toEqual([]);
    expect(found(/\]\((?!https:)([^)#]+)\)/g).filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });
});
