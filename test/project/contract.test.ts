import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const contract = readFileSync("docs/contract.md", "utf8");
const sections = [...contract.matchAll(/^## (\d+)\. \S/gm)].map(([, number]) => Number(number));

/** Citations such as "contract section 4" or "contract sections 2 and 4", also over the end of a comment's line. */
const CITATION = /contract[,)]?(?:\]\([\w./]+\),)?[\s*/-]+sections?\s+(\d+(?:(?:,|\s+and)\s+\d+)*)/gi;

/** Every place that cites the contract, with the sections that it names. */
const citations = globSync(["{src,test,scripts,bench}/**/*.ts", "migrations/*.sql", "*.md", "docs/**/*.md"]).flatMap(
  (file) =>
    [...readFileSync(file, "utf8").matchAll(CITATION)].map(([text, numbers = ""]) => ({
      file,
      text,
      sections: (numbers.match(/\d+/g) ?? []).map(Number),
    })),
);

test("the sections are numbered without a gap", () => {
  expect(sections).toEqual(sections.map((_, index) => index + 1));
  expect(sections.length).toBeGreaterThan(5);
});

test("every section that code, tests or pages cite is one of the contract", () => {
  expect(citations.length).toBeGreaterThan(45);
  expect(citations.filter((citation) => !citation.sections.every((number) => sections.includes(number)))).toEqual([]);
});

test("a comment that cites the contract names a section", () => {
  // "(contract" opens a citation and nothing else.
  const unnumbered = globSync("src/**/*.ts").flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\(contract(?![,)]?[\s*]+sections?\s+\d)/gi)].map(() => file),
  );
  expect(unnumbered).toEqual([]);
});

test("the files that the contract names as proof of a section cite that section", () => {
  const parts = contract.split(/^## (?=\d+\. )/m).slice(1);
  const named = parts.flatMap((part) =>
    [...part.matchAll(/`(src\/[\w/.-]+\.ts)`/g)].map(([, file = ""]) => ({ file, section: Number.parseInt(part, 10) })),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const { file, section } of named) {
    const cited = citations.filter((citation) => citation.file === file).flatMap((citation) => citation.sections);
    expect({ file, cited }).toEqual({ file, cited: expect.arrayContaining([section]) });
  }
});
