import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import guide from "../../docs/import.md?raw";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, machine, person, startApp } from "../helpers.ts";
import { postCsv, reported } from "./csv.ts";

// What is billed, and what the free plan ends at, is rows written, entries of indexes included.

const counted = countedDatabase(env.DB);
const app = startApp({}, bindings({ DB: counted.database }));
const LINES = 500;

/** Sixty words, ten of which are nowhere else: what people write of a breakdown. */
const description = (line: number) =>
  Array.from({ length: 60 }, (_, word) =>
    word % 6 === 0 ? `part${line}x${word}` : `word${(line * 7 + word * 13) % 900}`,
  ).join(" ");

test("a line of a file writes about as many rows as the page on imports says", async () => {
  const [, told] = /about (\d+)\s+rows\s+a\s+ticket/.exec(guide) ?? [];
  const machine_id = await machine("CNC");
  const supervisor = await person("supervisor");
  const lines = Array.from(
    { length: LINES },
    (_, line) => `Spindle vibrates above 8000;${description(line)};${machine_id}`,
  );
  counted.take();
  const report = await reported(await postCsv(app, supervisor, ["title;description;machine_id", ...lines].join("\n")));
  const { rowsWritten } = counted.take();
  expect(report.imported).toBe(LINES);
  expect(rowsWritten / LINES).toBeLessThanOrEqual(Number(told));
  // Nor many fewer: the page tells how far a day of the free plan goes.
  expect(rowsWritten / LINES).toBeGreaterThan(Number(told) * 0.7);
});
