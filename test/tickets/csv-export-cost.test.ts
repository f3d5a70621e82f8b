import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createContext } from "../../src/context.ts";
import { EXPORT_LOOKED_AT, EXPORT_PAGE } from "../../src/tickets/csv/export.ts";
import { fileWords } from "../../src/tickets/filing.ts";
import { realWorld } from "../../src/world.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, machine, type Person, person, send, startApp } from "../helpers.ts";
import { STATUSES, type Stocked, stock } from "./stock.ts";

const COUNT = 6000;
const { database, take } = countedDatabase(env.DB);
const app = startApp({ now: () => new Date("2026-12-01T03:00:00.000Z") }, bindings({ DB: database }));
const START = Date.parse("2026-01-01T00:00:00.000Z");
let supervisor: Person;
let tickets: Stocked[];

/** Half of the tickets are old: what an export reads may grow with what it finds, not with its square. */
beforeAll(async () => {
  supervisor = await person("supervisor");
  const machine_id = await machine("CNC", "Haas VF-2");
  await execute(`UPDATE machines SET search_text = ' haas vf 2' WHERE id = ${machine_id}`);
  tickets = Array.from({ length: COUNT }, (_, index) => {
    const created_at = new Date(START + (index >> 1) * 60_000).toISOString();
    return {
      id: index + 1,
      title: `pump leaks${index % 10 === 0 ? " gasket" : ""}${index < COUNT / 2 ? " old" : ""}`,
      status: STATUSES[index % 7] ?? "received",
      priority: index % 2 ? ("high" as const) : ("low" as const),
      machine_id,
      machine_type: "CNC",
      customer_id: null,
      reported_by: supervisor.id,
      assigned_to: index % 3 ? supervisor.id : null,
      is_machine_down: false,
      created_at,
      // In another order than that of creation.
      updated_at: new Date(START + ((index * 7919) % COUNT) * 60_000).toISOString(),
      deleted: false,
    };
  });
  await stock(tickets);
});

async function exported(query: string) {
  take();
  const response = await app.request(`/api/tickets.csv${query}`, send(supervisor));
  const text = await response.text();
  const ids = text
    .split("\r\n")
    .slice(1, -1)
    .map((line) => Number(line.split(",")[0]));
  return { ids, ...take() };
}

const newestFirst = (keep: (ticket: Stocked) => boolean) =>
  tickets
    .filter(keep)
    .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id)
    .map(({ id }) => id);
const LATE = new Date(START + 2000 * 60_000).toISOString();

describe.each(["not filed", "filed"])(
  "an export of several pages searches once and reads what it finds a bounded number of times: %s",
  (state) => {
    beforeAll(async () => {
      if (state === "filed") for (let run = 0; run < 2; run++) await fileWords(createContext(env, realWorld, {}));
    });

    test.each<[string, (ticket: Stocked) => boolean]>([
      ["", () => true],
      ["?q=pump", () => true],
      ["?q=pump+leaks", () => true],
      ["?q=haas", () => true],
      ["?q=old", ({ title }) => title.endsWith(" old")],
      [`?updated_after=${LATE}`, ({ updated_at }) => updated_at > LATE],
      [`?updated_after=${LATE}&q=pump`, ({ updated_at }) => updated_at > LATE],
      ["?status=received,completed,archived", ({ status }) => ["received", "completed", "archived"].includes(status)],
      [`?status=${STATUSES.join()}&q=leaks`, () => true],
      ["?priority=high", ({ priority }) => priority === "high"],
      ["?assigned_to=me", ({ assigned_to }) => assigned_to !== null],
      ["?assigned_to=none", ({ assigned_to }) => assigned_to === null],
      ["?machine_type=CNC&priority=low", ({ priority }) => priority === "low"],
      ["?q=gasket", ({ title }) => title.includes("gasket")],
    ])("%s", async (query, keep) => {
      const expected = newestFirst(keep);
      const { ids, rowsRead, trips } = await exported(query);
      expect(ids).toEqual(expected);
      // A page is full, or so many tickets were looked at for it.
      const pages = Math.ceil(expected.length / EXPORT_PAGE) + Math.ceil(COUNT / EXPORT_LOOKED_AT);
      // Who asks, what is searched for; then a trip for each page.
      expect(trips).toBeLessThanOrEqual(pages + 3);
      // A ticket is six rows (itself, machine, type, people); finding it costs a few more, also where a filter passes it over.
      expect(rowsRead).toBeLessThanOrEqual(8 * expected.length + 6 * COUNT);
    });
  },
);

test("twice as many pages cost twice as much", async () => {
  const half = await exported("?q=old");
  const whole = await exported("?q=leaks");
  expect(whole.ids.length).toBe(2 * half.ids.length);
  expect(whole.rowsRead).toBeLessThan(2.2 * half.rowsRead);
});

test("what is deleted while pages are read is left out, and no other ticket is", async () => {
  const { body } = await app.request("/api/tickets.csv?q=pump", send(supervisor));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = decoder.decode((await reader.read()).value, { stream: true });
  const gone = newestFirst(() => true)[3000];
  await execute(`UPDATE tickets SET deleted_at = created_at WHERE id = ${gone}`);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  const ids = text
    .split("\r\n")
    .slice(1, -1)
    .map((line) => Number(line.split(",")[0]));
  expect(ids).toEqual(newestFirst(({ id }) => id !== gone));
});
