import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { parseCsv } from "../../src/tickets/csv/parse.ts";
import { machine, type Person, person, rowCounts, startApp } from "../helpers.ts";
import { expectCode, postCsv, reported } from "./csv.ts";

const app = startApp({ now: () => new Date("2026-11-20T15:00:00.000Z") });
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
let supervisor: Person;

beforeAll(async () => {
  supervisor = await person("supervisor");
  await machine("CNC", "Haas VF-2");
});

/** A body that never ends: `begin`, then `unit` for ever. Counts what is taken of it. */
function endless(begin: string, unit: string, pieceBytes = 16 * KIBIBYTE) {
  const encoder = new TextEncoder();
  const piece = encoder.encode(unit.repeat(Math.ceil(pieceBytes / unit.length)));
  const taken = { bytes: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(begin)),
      pull(controller) {
        taken.bytes += piece.byteLength;
        // More would mean that nobody looks at the size.
        if (taken.bytes > 20 * MEBIBYTE) controller.error(new Error("read on and on"));
        else controller.enqueue(piece.slice());
      },
      cancel() {
        taken.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, taken };
}

const HEADER = "title,machine\n";

describe("a file without end is answered, and reading stops", () => {
  test.each([
    ["good lines", HEADER, "A title,Haas VF-2\n", 422, "too_many_lines", 10_002, 400 * KIBIBYTE],
    ["lines that name nothing", HEADER, "x\n", 422, "too_many_lines", 10_002, 100 * KIBIBYTE],
    ["blank lines", HEADER, "\n", 422, "too_many_lines", 10_002, 100 * KIBIBYTE],
    ["lines with a stray quote", HEADER, '"a"b,c\n', 422, "invalid_csv", undefined, 400 * KIBIBYTE],
    ["a header of many columns", "title,machine", ",", 422, "line_too_long", 1, 300 * KIBIBYTE],
    ["a header that is one long name", "title,machine,", "x", 422, "line_too_long", 1, 300 * KIBIBYTE],
    ["a header whose quote never ends", 'title,machine,"', "x\n", 422, "invalid_csv", undefined, 300 * KIBIBYTE],
    ["one line of commas", `${HEADER}A title,Haas VF-2`, ",", 413, "payload_too_large", undefined, 12.1 * MEBIBYTE],
    ["one field without an end", `${HEADER}"`, "x", 413, "payload_too_large", undefined, 12.1 * MEBIBYTE],
  ] as const)("%s", async (_, begin, unit, status, code, line, bound) => {
    const before = await rowCounts();
    const { body, taken } = endless(begin, unit);
    const { detail } = await expectCode(await postCsv(app, supervisor, body), status, code);
    if (line) expect(detail).toContain(`line ${line}.`);
    expect(taken.bytes).toBeLessThan(bound);
    expect(taken.isCancelled).toBe(true);
    expect(await rowCounts()).toEqual(before);
  });

  test("byte by byte, too", async () => {
    const { body, taken } = endless(HEADER, "x\n", 1);
    await expectCode(await postCsv(app, supervisor, body), 422, "too_many_lines");
    expect(taken.bytes).toBeLessThan(100 * KIBIBYTE);
  });
});

test("a refusal says in French, too, where reading stopped", async () => {
  const refusal = async (text: string) => {
    const response = await app.request("/api/tickets/import", {
      method: "POST",
      headers: { "content-type": "text/csv", authorization: `Bearer ${supervisor.token}`, "accept-language": "fr" },
      body: text,
    });
    return ((await response.json()) as { detail: string }).detail;
  };
  expect(await refusal(`titre,machine${",x".repeat(99)}\n`)).toBe(
    "L'en-tête compte au plus 100 colonnes. Lecture arrêtée à la ligne 1.",
  );
  expect(await refusal(`titre,machine,${"x".repeat(100_001)}`)).toContain("Lecture arrêtée à la ligne 1.");
  expect(await refusal(`titre,machine\n${"x\n".repeat(10_001)}`)).toContain("Lecture arrêtée à la ligne 10002.");
  expect(await refusal("titre\n")).toContain("il manque la colonne « machine »");
});

test("100 columns are read, 101 are not", async () => {
  const header = (count: number) => ["title", "machine", ...Array.from({ length: count - 2 }, (_, i) => `c${i}`)];
  const file = (count: number) => `${header(count).join(";")}\n${"A title;Haas VF-2".padEnd(count + 15, ";")}\n`;
  expect(await reported(await postCsv(app, supervisor, file(100), { query: "?dry_run=true" }))).toMatchObject({
    imported: 1,
  });
  await expectCode(await postCsv(app, supervisor, file(101)), 422, "too_many_columns");
});

test("a line of 100,000 characters is read, a longer one fails alone", async () => {
  const line = (length: number) => `"A title",Haas VF-2,`.padEnd(length - 1, "x");
  const file = `title,machine,other\n${[100_000, 100_001, 20, 300_000, 99_999].map(line).join("\n")}\n`;
  const report = await reported(await postCsv(app, supervisor, file, { query: "?dry_run=true" }));
  expect(report.lines.map(({ line, status }) => `${line} ${status}`)).toEqual([
    "2 imported",
    "3 failed",
    "4 imported",
    "5 failed",
    "6 imported",
  ]);
  expect(report.lines[1]?.errors).toEqual([{ path: "", message: "is longer than 100000 characters" }]);
});

test("of 10,000 bad lines each is named, a hundred are explained, the other errors counted", async () => {
  const file = `title,machine,status\n${"x,nothing,opened\n".repeat(10_000)}`;
  const response = await postCsv(app, supervisor, file);
  const size = (await response.clone().arrayBuffer()).byteLength;
  const report = await reported(response);
  expect(report).toMatchObject({ total: 10_000, failed: 10_000, errors_omitted: 29_700 });
  expect(report.lines.map(({ line }) => line)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 2));
  expect(report.lines.filter(({ errors }) => errors.length === 3)).toHaveLength(100);
  expect(report.lines.filter(({ errors }) => errors.length === 0)).toHaveLength(9900);
  // The answer is kept for a replay, in a row of at most 2 MB.
  expect(size).toBeLessThan(1_000_000);
});

describe("where a file is cut into pieces makes no difference", () => {
  const PARTS = ["title", "machine", "a", "é", ",", ";", '"', '""', "\n", "\r\n", "\r", " ", "x".repeat(40_000)];
  const outcome = async (pieces: string[]) => {
    try {
      return await parseCsv(pieces);
    } catch (error) {
      return error;
    }
  };
  const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 60 }).map((parts) => parts.join(""));

  test("whatever it holds", async () => {
    const header = fc.constantFrom("title,machine,x\n", "title;machine;x\r\n", 'title,"machine"\r', "");
    await fc.assert(
      fc.asyncProperty(header, text, fc.array(fc.nat(), { maxLength: 8 }), async (begin, rest, cuts) => {
        const whole = begin + rest;
        const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
        const pieces = places.slice(1).map((end, index) => whole.slice(places[index], end));
        expect(await outcome(pieces)).toEqual(await outcome([whole]));
      }),
      { numRuns: 400 },
    );
  });
});
