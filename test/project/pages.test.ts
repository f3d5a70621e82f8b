import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const pages = globSync(["*.md", "{docs,examples}/**/*.md"]).sort();
const texts = new Map(pages.map((page) => [page, readFileSync(page, "utf8")]));
const uniqueMatches = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found)),
];

/** Where the links of a page lead within the repository: path and, if there is one, heading. */
const linksOf = (page: string) =>
  uniqueMatches(texts.get(page) ?? "", /\]\((?!https?:)([^)\s]+)\)/g).map((link) => {
    const [path = "", heading = ""] = link.split("#");
    return { link, path: path === "" ? page : normalize(join(dirname(page), path)), heading };
  });

const anchorsOf = (page: string) =>
  uniqueMatches(texts.get(page) ?? "", /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test("every page can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) for (const { path } of linksOf(page)) if (texts.has(path)) reached.add(path);
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

// Inline code that looks like a file or folder of this repository; `<noun>` stands for any name.
const ROOTS = /^(src|test|scripts|bench|migrations|docs|examples|\.ci)\//;
const FILES = /^\.?[\w.-]+\.(ts|mjs|toml|sql|json|md|svg)$/;
/** What a command writes, and what is another's. */
const NOT_OURS = ["ids.json", "old-queue.json", "package.json"];

describe.each(pages)("%s", (page) => {
  const text = texts.get(page) ?? "";

  test("its links lead somewhere, headings included", () => {
    const dead = linksOf(page).filter(
      ({ path, heading }) => !existsSync(path) || (heading !== "" && !anchorsOf(path).includes(heading)),
    );
    expect(dead).toEqual([]);
  });

  test("the files and folders that it names exist", () => {
    const paths = uniqueMatches(text, /`([^`\s]+)`/g)
      .filter((name) => (ROOTS.test(name) || FILES.test(name)) && !NOT_OURS.includes(name))
      .map((path) => path.replace(/<\w+>/g, "*"));
    expect(paths.filter((path) => globSync([path, `{src,test,scripts,migrations}/**/${path}`]).length === 0)).toEqual(
      [],
    );
  });

  test("the commands that it names are scripts of package.json", () => {
    const named = uniqueMatches(text, /npm (?:run )?(start|test|(?<=run )(?!-)[\w:-]+)/g);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("every shell block is made of commands that exist", () => {
    for (const block of uniqueMatches(text, /```sh\n([\s\S]*?)```/g)) {
      const commands = block
        .replace(/\\\n/g, " ")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#"));
      for (const command of commands) expect(command).toMatch(/^(npm|npx|node|curl|git|cd|[A-Z_]+=)/);
    }
  });
});

test("every route that is named on any page is a route of the application", () => {
  const served = createApp().routes.map(({ method, path }) => `${method} ${path}`);
  const named = pages.flatMap((page) =>
    uniqueMatches(texts.get(page) ?? "", /`((?:GET|POST|PUT|PATCH|DELETE) \/[^`\s?]*)[^`]*`/g),
  );
  const shape = (route: string) => route.replace(/:\w+|\/\d+(?=\/|$)/g, (part) => (part[0] === "/" ? "/*" : "*"));
  const shapes = new Set(served.map(shape));
  expect(new Set(named).size).toBeGreaterThan(20);
  expect(named.filter((route) => !shapes.has(shape(route)))).toEqual([]);
});
