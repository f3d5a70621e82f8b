import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEMO_PASSWORD, DEMO_USERS } from "../../scripts/lib/demo-data.ts";

// What holds for every page, this one included, is in pages.test.ts.
const readme = readFileSync("README.md", "utf8");
const uniqueMatches = (pattern: RegExp) => [...new Set([...readme.matchAll(pattern)].map(([, found = ""]) => found))];

test("start, test, bench, check and deploy are explained", () => {
  for (const command of ["npm start", "npm test", "npm run bench", "npm run check", "npm run deploy"]) {
    expect(readme).toContain(command);
  }
});

test("it is short, and has a shell block to begin with", () => {
  expect(readme.split("\n").length).toBeLessThan(100);
  expect(uniqueMatches(/```sh\n([\s\S]*?)```/g).length).toBeGreaterThan(0);
});

test("the demo accounts are the ones that npm start makes", () => {
  expect(readme).toContain(DEMO_PASSWORD);
  const named = uniqueMatches(/`(\w+@shopfloor\.example)`/g);
  expect(named.sort()).toEqual(DEMO_USERS.map(({ email }) => email).sort());
});
