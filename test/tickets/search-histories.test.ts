import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Person, person, queryAll } from "../helpers.ts";
import { postCsv, reported } from "./csv.ts";
import { openDesk } from "./desk.ts";
import { walk } from "./pages.ts";
import { addMachine, anew, file, found, renameMachine } from "./small-blocks.ts";

const desk = openDesk();
let admin: Person;
let machines: number[];

const search = (q: string) => found(desk, admin, q);

beforeAll(async () => {
  admin = await person("admin");
  machines = [
    await addMachine(desk, admin, "CNC", "Haas VF-2"),
    await addMachine(desk, admin, "LAT", "Mazak Quick Turn"),
  ];
});

const WORDS = [
  "pump",
  "pumps",
  "pu",
  "spindle",
  "été",
  "ete",
  "leaks",
  "le",
  "cnc",
  "lat",
  "1126",
  "0003",
  "12",
  "haas",
  "主轴",
  "振",
  "𐐷𐐷𐐷𐐷",
  "𐐷",
];
const word = fc.constantFrom(...WORDS);
const text = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => `on ${words.join(" ")}`);
const place = fc.nat({ max: 1000 });
const question = fc.oneof(
  { weight: 4, arbitrary: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(" ")) },
  {
    weight: 2,
    arbitrary: fc.tuple(word, fc.nat({ max: 4 })).map(([found, end]) => [...found].slice(0, end + 1).join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("CNC-1126", "LAT-11", "CNC-1126-", "CNC-1126-000", "LAT-0525-0001 pump", "VF-2"),
  },
);
const order = fc.constantFrom("-created_at", "created_at", "-updated_at", "priority");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("create" as const), text, on: fc.nat({ max: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("edit" as const), text, place, description: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("import" as const), texts: fc.array(text, { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rename" as const), on: fc.nat({ max: 1 }), name: text }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("file" as const), twice: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("search" as const), q: question, sort: order }) },
);

interface Row {
  id: number;
  ticket_id: string;
  text: string;
  machine: string;
  version: number;
}

const fold = (value: string) => value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const wordsOf = (value: string): string[] => fold(value).match(/[\p{L}\p{N}]+/gu) ?? [];

/** What a search must find, by looking at every ticket. */
async function naive(q: string): Promise<number[]> {
  const rows = await queryAll<Row>(
    `SELECT t.id, t.ticket_id, t.title || ' ' || coalesce(t.description, '') AS text, m.name AS machine, t.version
     FROM tickets t JOIN machines m ON m.id = t.machine_id WHERE t.deleted_at IS NULL ORDER BY t.id`,
  );
  const all = await queryAll<{ ticket_id: string }>("SELECT ticket_id FROM tickets");
  const begins = (number: string, part: string) => number.startsWith(part.toUpperCase());
  const parts = q.split(" ").flatMap((part): { number?: string; word?: string }[] => {
    const isNumber = /^[a-z]+-\d+(-\d*)?$/i.test(part) && all.some(({ ticket_id }) => begins(ticket_id, part));
    return isNumber ? [{ number: part }] : wordsOf(part).map((found) => ({ word: found }));
  });
  if (parts.length === 0) return [];
  return rows
    .filter(({ ticket_id, text: written, machine: name, version }) => {
      const [code = "", month = "", sequence = ""] = ticket_id.toLowerCase().split("-");
      // The month of a number is among the words of tickets from files, until they are edited.
      const own = [
        ...wordsOf(written),
        ...wordsOf(name),
        sequence,
        ...(version === 1 && written.includes("imported") ? [code, month] : []),
      ];
      return parts.every(({ number, word: part = "" }) =>
        number === undefined ? part === code || own.some((found) => found.startsWith(part)) : begins(ticket_id, number),
      );
    })
    .map(({ id }) => id);
}

test("whatever is created, edited, imported, deleted, renamed and filed, a search finds what looking at every ticket finds", {
  timeout: 120_000,
}, async () => {
  let imports = 0;
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const ids = async () =>
          (await queryAll<{ id: number }>("SELECT id FROM tickets WHERE deleted_at IS NULL ORDER BY id")).map(
            ({ id }) => id,
          );
        const pick = async (at: number) => {
          const known = await ids();
          return known[at % known.length];
        };
        for (const one of steps) {
          if (one.do === "create") await desk.create(admin, { title: one.text, machine_id: machines[one.on] });
          if (one.do === "edit") {
            const id = await pick(one.place);
            if (id) await desk.change(admin, id, { [one.description ? "description" : "title"]: one.text });
          }
          if (one.do === "delete") {
            const id = await pick(one.place);
            if (id) await desk.remove(admin, id);
          }
          if (one.do === "rename") await renameMachine(desk, admin, machines[one.on] ?? 0, one.name);
          if (one.do === "import") {
            imports++;
            const code = ["CNC", "LAT"][imports % 2];
            const names = await queryAll<{ name: string }>(
              "SELECT name FROM machines WHERE id = ?",
              machines[imports % 2],
            );
            const lines = one.texts.map(
              (title, index) =>
                `${code}-0525-${String(imports * 10 + index).padStart(4, "0")},imported ${title},${names[0]?.name}`,
            );
            const report = await reported(
              await postCsv(desk.app, admin, ["ticket_id,title,machine", ...lines].join("\n")),
            );
            expect(report).toMatchObject({ failed: 0, skipped: 0 });
          }
          if (one.do === "file") await Promise.all(one.twice ? [file(), file()] : [file()]);
          if (one.do === "search") {
            const expected = await naive(one.q);
            const walked = await walk(desk, admin, `/api/tickets?q=${encodeURIComponent(one.q)}&sort=${one.sort}`, 7);
            expect([one.q, walked.toSorted((a, b) => a - b)]).toEqual([one.q, expected]);
          }
        }
        for (const q of WORDS) expect([q, (await search(q)).sort((a, b) => a - b)]).toEqual([q, await naive(q)]);
      })
      .beforeEach(anew),
    { numRuns: 12, endOnFailure: true },
  );
});
