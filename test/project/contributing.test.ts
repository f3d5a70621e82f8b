import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const text = readFileSync("CONTRIBUTING.md", "utf8");
const rooms = readFileSync(".dependency-cruiser.mjs", "utf8");
const matches = (part: string, pattern: RegExp) => [
  ...new Set([...part.matchAll(pattern)].map(([, found = ""]) => found)),
];

/** The steps of each recipe, by its name. */
const recipes = text
  .split(/^### (?=Add )/m)
  .slice(1)
  .map((part) => ({
    name: part.slice(0, part.indexOf("\n")),
    steps: [
      ...part
        .split(/^\d+\. /m)
        .slice(1)
        .entries(),
    ],
  }));

const filesOf = (step: string) =>
  matches(step, /`([\w./<>-]+\/[\w./<>-]*|[\w.-]+\.(?:mjs|md))`/g).flatMap((path) =>
    globSync(path.replace(/<\w+>/g, "*")),
  );

test("there are five recipes", () => {
  expect(recipes.map(({ name }) => name)).toEqual([
    "Add a field to tickets",
    "Add a status",
    "Add a channel",
    "Add an event",
    "Add an error code",
  ]);
});

describe.each(recipes)("$name", ({ steps }) => {
  test.each(steps)("step %i, counted from 0, names what exists", (_, step) => {
    const files = filesOf(step).filter((file) => /\.\w+$/.test(file));
    expect(filesOf(step)).not.toEqual([]);
    // A name stands in a file of its step, or is one of the database's.
    const texts = [...files, "schema.sql"].map((file) => readFileSync(file, "utf8"));
    const names = matches(step, /`([A-Za-z_]\w*)`/g);
    expect(names.filter((name) => !texts.some((content) => new RegExp(`\\b${name}\\b`).test(content)))).toEqual([]);
  });
});

test("the names in the shape of a verb stand in the files beside them", () => {
  const part = text.slice(text.indexOf("## The shape of a verb"), text.indexOf("## Recipes"));
  const sources = globSync("src/**/*.ts").map((file) => readFileSync(file, "utf8"));
  const names = matches(part, /`([A-Za-z]\w*)`/g).filter((name) => /[a-z][A-Z]/.test(name));
  expect(names.length).toBeGreaterThan(8);
  const declared = (name: string) =>
    sources.some((source) =>
      new RegExp(`export (?:async )?(?:const|function|class|interface) ${name}\\b`).test(source),
    );
  expect(names.filter((name) => !declared(name))).toEqual([]);
});

test("the table of rooms names rooms of the order, in that order", () => {
  const order = matches(rooms.slice(0, rooms.indexOf("];")), /^ {2}"([\w-]+)",$/gm);
  const part = text.slice(text.indexOf("## The rooms"), text.indexOf("## The shape of a verb"));
  const named = matches(part.replace(/\|[^|\n]*\|$/gm, "|"), /`([\w-]+)`/g);
  expect(named.length).toBeGreaterThan(25);
  expect(named).toEqual(order.filter((room) => named.includes(room)));
});
