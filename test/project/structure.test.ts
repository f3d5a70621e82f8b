import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("imports point one way, without cycles", () => {
  const { status, stdout, stderr } = spawnSync(
    "node_modules/.bin/depcruise",
    ["src", "--config", ".dependency-cruiser.mjs", "--output-type", "err"],
    { encoding: "utf8" },
  );
  expect(`${stdout}${stderr}`).toContain("no dependency violations found");
  expect(status).toBe(0);
});

const SOURCES = globSync("{src,test,scripts,bench}/**/*.{ts,tsx,css,mjs}").map((file) => ({
  file,
  lines: readFileSync(file, "utf8").split("\n"),
}));

test("every source file has fewer than 300 lines", () => {
  expect(SOURCES.length).toBeGreaterThan(50);
  expect(SOURCES.filter(({ lines }) => lines.length >= 300).map(({ file }) => file)).toEqual([]);
});

test("no source file switches the type checker off, and every test runs", () => {
  const found = SOURCES.flatMap(({ file, lines }) =>
    lines
      .filter((line) => /@ts-(ignore|nocheck|expect)|\b(test|describe)\.(skip|only|todo)\b/.test(line))
      .map(() => file),
  );
  // This file itself holds the words that it looks for.
  expect(found.filter((file) => !file.endsWith("structure.test.ts"))).toEqual([]);
});
