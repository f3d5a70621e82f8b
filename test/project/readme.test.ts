import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEMO_PASSWORD, DEMO_USERS } from "../../scripts/lib/demo-data.ts";
import { createApp } from "../../src/app.ts";

const readme = readFileSync("README.md", "utf8");
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const uniqueMatches = (pattern: RegExp) => [...new Set([...readme.matchAll(pattern)].map(([, found = ""]) => found))];

test.each(uniqueMatches(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g))(
  "npm run %s is a script of package.json",
  (name) => {
    expect(scripts).toHaveProperty([name]);
  },
);

test("start, test and bench are explained", () => {
  for (const command of ["npm start", "npm test", "npm run bench", "npm run check", "npm run deploy"]) {
    expect(readme).toContain(command);
  }
});

// Inline code that looks like a file or folder of this repository; `<noun>` stands for any name.
const ROOTS = /^(src|test|scripts|bench|migrations|docs|\.ci)\//;
const FILES = /^\.?[\w.-]+\.(ts|mjs|toml|sql|json|md|svg)$/;
const paths = uniqueMatches(/`([^`\s]+)`/g)
  .filter((text) => ROOTS.test(text) || FILES.test(text))
  .map((path) => path.replace(/<\w+>/g, "*"));

test.each(paths)("the path %s exists", (path) => {
  expect(globSync([path, `{src,test,scripts,migrations}/**/${path}`]).length).toBeGreaterThan(0);
});

test.each(uniqueMatches(/\]\(([^)#:]+)\)/g))("the link to %s leads somewhere", (target) => {
  expect(existsSync(target)).toBe(true);
});

test("every route that is named is a route of the application", () => {
  const served = createApp().routes.map(({ method, path }) => `${method} ${path}`);
  const named = uniqueMatches(/`((?:GET|POST|PUT|PATCH|DELETE) \/[^`\s]*)`/g);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((route) => !served.includes(route))).toEqual([]);
});

test("the demo accounts are the ones that npm start makes", () => {
  expect(readme).toContain(DEMO_PASSWORD);
  const named = uniqueMatches(/`(\w+@shopfloor\.example)`/g);
  expect(named.sort()).toEqual(DEMO_USERS.map(({ email }) => email).sort());
});

test("every shell block is made of commands that exist", () => {
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    const commands = block
      .replace(/\\\n/g, " ")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#"));
    for (const command of commands) expect(command).toMatch(/^(npm|npx|node|curl|git|cd|[A-Z_]+=)/);
  }
});
