import { beforeAll, describe, expect, test } from "vitest";
import { execute, machine, type Person, person } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { pageOf, walk } from "./pages.ts";
import { PRIORITIES, randomNumbers, STATUSES, type Stocked, stock } from "./stock.ts";

// More hits than a search looks up word by word: then the words are tested along the list's own order.
const COUNT = 1300;
const desk = openDesk();
let reader: Person;
let tickets: Stocked[];

beforeAll(async () => {
  reader = await person("technician");
  const machine_id = await machine("CNC", "Line");
  await execute(`UPDATE machines SET search_text = ' line' WHERE id = ${machine_id}`);
  const random = randomNumbers(5);
  tickets = Array.from({ length: COUNT }, (_, index) => {
    const created_at = new Date(Date.parse("2026-01-01T00:00:00.000Z") + random.below(900) * 60_000).toISOString();
    return {
      id: index + 1,
      title: `pump motor belt alarm noise drive${index % 100 === 0 ? " gasket" : ""}`,
      status: random.pick(STATUSES),
      priority: random.pick(PRIORITIES),
      machine_id,
      machine_type: "CNC",
      customer_id: null,
      reported_by: reader.id,
      assigned_to: random.chance(0.5) ? reader.id : null,
      is_machine_down: false,
      created_at,
      updated_at: created_at,
      deleted: random.chance(0.05),
    };
  });
  await stock(tickets);
});

const list = (query: string) => `/api/tickets?${query}`;
const newestFirst = (keep: (ticket: Stocked) => boolean) =>
  tickets
    .filter((ticket) => !ticket.deleted && keep(ticket))
    .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id)
    .map(({ id }) => id);

describe("a word that more than a thousand tickets have", () => {
  test("finds every one of them once, in order", async () => {
    const expected = newestFirst(() => true);
    expect(expected.length).toBeGreaterThan(1100);
    expect(await walk(desk, reader, list("q=pump"), 100)).toEqual(expected);
  });

  test.each(["pump gasket", "gasket pump", "gas mot", "belt gasket noise"])(
    "together with a rare one: %s",
    async (q) => {
      const expected = newestFirst(({ title }) => title.includes("gasket"));
      expect(await walk(desk, reader, list(`q=${encodeURIComponent(q)}`), 5)).toEqual(expected);
    },
  );

  test("together with another that is as common", async () => {
    expect((await pageOf(desk, reader, list("q=pump+motor&limit=10"))).tickets.map(({ id }) => id)).toEqual(
      newestFirst(() => true).slice(0, 10),
    );
  });

  test("together with one that no ticket has", async () => {
    expect(await walk(desk, reader, list("q=pump+elephant"), 50)).toEqual([]);
  });

  test("is narrowed down by filters", async () => {
    const path = list("q=pump&status=received,cancelled&priority=critical,high&assigned_to=me");
    const expected = newestFirst(
      ({ status, priority, assigned_to }) =>
        ["received", "cancelled"].includes(status) &&
        ["critical", "high"].includes(priority) &&
        assigned_to === reader.id,
    );
    expect(await walk(desk, reader, path, 40)).toEqual(expected);
  });

  test.each(["-created_at", "created_at", "-updated_at", "priority"])(
    "six of them with every filter by value at once, by %s, and the page after it",
    async (sort) => {
      const path = list(
        `q=${encodeURIComponent("pump motor belt alarm noise drive")}&status=${STATUSES.join()}&sort=${sort}` +
          `&priority=${PRIORITIES.join()}&machine_type=CNC&limit=20`,
      );
      const first = await pageOf(desk, reader, path);
      const second = await pageOf(desk, reader, `${path}&cursor=${first.next_cursor}`);
      const ids = [...first.tickets, ...second.tickets].map(({ id }) => id);
      expect(new Set(ids).size).toBe(40);
    },
  );

  test("is the machine's name", async () => {
    expect((await pageOf(desk, reader, list("q=line&limit=10"))).tickets.map(({ id }) => id)).toEqual(
      newestFirst(() => true).slice(0, 10),
    );
    expect(await walk(desk, reader, list("q=line+gasket"), 50)).toEqual(
      newestFirst(({ title }) => title.includes("gasket")),
    );
  });
});
