import fc from "fast-check";
import Papa from "papaparse";
import { beforeAll, describe, expect, test } from "vitest";
import { guarded, unguarded } from "../../src/tickets/csv/text.ts";
import { machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { postCsv, reported } from "./csv.ts";

const STARTS = ["=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫"];
const PARTS = [...STARTS, ";", ",", "\t", "\r", "\n", " ", "\u00a0", "\u3000", "'", '"', "a", "1", "é"];
const hostile = fc.array(fc.constantFrom(...PARTS), { maxLength: 30 }).map((parts) => parts.join(""));

/** What a program sees that splits at semicolons or tabs, ends cells with lines, and passes blanks and quotes over. */
const cells = (text: string) => text.split(/[;\t\r\n]/).map((cell) => cell.replaceAll(/[\s"]/g, ""));

describe("a text that could be a formula", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["  =1+1", "'  =1+1"],
    ['"=1+1', `'"=1+1`],
    ["\t=1+1", "'\t'=1+1"],
    ["\rx", "'\rx"],
    ["\nx", "'\nx"],
    ["＝1+1", "'＝1+1"],
    ["|calc", "'|calc"],
    ["a;=1+1", "a;'=1+1"],
    ["a; =1+1", "a;' =1+1"],
    ['a;"=1+1"', `a;'"=1+1"`],
    ["a\t@SUM(A1)", "a\t'@SUM(A1)"],
    ["to do:\n- oil\n- belt", "to do:\n'- oil\n'- belt"],
    ["a\r\n+1", "a\r\n'+1"],
    ["a;;-1;b", "a;;'-1;b"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["'=1+1", "''=1+1"],
    ["a;'=1+1", "a;''=1+1"],
  ])("%j is written as %j", (text, written) => {
    expect(guarded(text)).toBe(written);
    expect(unguarded(written)).toBe(text);
  });

  test.each(["", "a", "5 + 3 = 8", "a, -5 V", "'quoted'", "rock'n'roll;x", "a;b;c", "x = y", "l'arbre;d'entraînement"])(
    "%j is left as it is",
    (text) => {
      expect(guarded(text)).toBe(text);
      expect(unguarded(text)).toBe(text);
    },
  );

  test("is one in no cell of any text, and comes back as it was", () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: "binary" })), (text) => {
        const written = guarded(text);
        for (const cell of cells(written)) expect(STARTS).not.toContain([...cell][0]);
        expect(unguarded(written)).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  test("costs no more than its length", () => {
    for (const unit of [" ", "'", '"', ";", "\t", "; ", `;'"`]) {
      const text = unit.repeat(400_000);
      const begin = performance.now();
      expect(unguarded(guarded(text))).toBe(text);
      expect(performance.now() - begin).toBeLessThan(2000);
    }
  });
});

describe("the whole way", () => {
  const app = startApp({ now: () => new Date("2026-11-20T15:00:00.000Z") });
  let supervisor: Person;

  beforeAll(async () => {
    supervisor = await person("supervisor", "Samuel Superviseur");
  });

  test("no line of an export begins a formula, and the import takes back every character", async () => {
    const machine_id = await machine("WAY", "=Mill;-2");
    const texts = fc.sample(hostile, { numRuns: 60, seed: 5 });
    for (const [index, text] of texts.entries()) {
      const body = { title: `t${index};${text}`.slice(0, 200), description: text, reporter_name: text.slice(0, 100) };
      // Who reports is kept as sent only where there is something to keep.
      const filled = Object.fromEntries(Object.entries(body).filter(([, value]) => value.trim() !== ""));
      const response = await app.request("/api/tickets", send(supervisor, { ...filled, machine_id }));
      expect(response.status).toBe(201);
    }
    const file = (await (await app.request("/api/tickets.csv", send(supervisor))).text()).slice(1);

    const { data } = Papa.parse<string[]>(file, { delimiter: ",", newline: "\r\n", skipEmptyLines: true });
    for (const cell of data.flat().flatMap(cells)) expect(STARTS).not.toContain([...cell][0]);
    // Split as a French Excel does it, where a quote counts at the beginning of a cell only.
    const split = Papa.parse<string[]>(file, { delimiter: ";", newline: "\n", quoteChar: "\u0000" });
    for (const cell of split.data.flat()) expect(STARTS).not.toContain([...cell.replaceAll(/[\s"]/g, "")][0]);

    const report = await reported(await postCsv(app, supervisor, file.replaceAll("WAY-1126-", "WAY-1125-")));
    expect(report).toMatchObject({ imported: texts.length, failed: 0, skipped: 0 });
    const rows = (month: string) =>
      queryAll(
        "SELECT title, description, reporter_name, machine_id FROM tickets WHERE ticket_id GLOB ? ORDER BY ticket_id",
        `WAY-${month}-*`,
      );
    expect(await rows("1125")).toEqual(await rows("1126"));
  });
});
