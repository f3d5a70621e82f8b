import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { execute, machine, type Person, person } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { walk } from "./pages.ts";
import { PRIORITIES, randomTickets, type Shop, STATUSES, type Stocked, stock } from "./stock.ts";

const desk = openDesk();
const LIMIT = 7;
const SORTS = ["-created_at", "created_at", "-updated_at", "priority"] as const;

interface Query {
  status?: string[];
  priority?: string[];
  machine_id?: number;
  machine_type?: string;
  assigned_to?: "me" | "none" | number;
  reported_by?: number;
  customer_id?: number;
  updated_after?: string;
  q?: string;
  sort?: (typeof SORTS)[number];
}

let me: Person;
let shop: Shop;
let tickets: Stocked[];

beforeAll(async () => {
  me = await person("technician");
  const others = [await person("operator"), await person("supervisor")];
  const machines: Shop["machines"] = [];
  for (const code of ["CNC", "CNC", "EDM", "EDM", "PRESS", "LATHE"]) {
    machines.push({ id: await machine(code, `Unit ${machines.length}`), code });
  }
  await execute("INSERT INTO customers (id, name, created_at, updated_at) VALUES (1, 'A', '', ''), (2, 'B', '', '')");
  shop = { machines, people: [me.id, ...others.map(({ id }) => id)], customers: [1, 2] };
  tickets = randomTickets(400, shop, 20261120);
  await stock(tickets);
});

function matches(ticket: Stocked, query: Query): boolean {
  const { status, priority, machine_id, machine_type, reported_by, customer_id, updated_after, q } = query;
  const assignee = { me: me.id, none: null }[query.assigned_to as string] ?? query.assigned_to;
  return (
    !ticket.deleted &&
    (!status || status.includes(ticket.status)) &&
    (!priority || priority.includes(ticket.priority)) &&
    (!machine_id || ticket.machine_id === machine_id) &&
    (!machine_type || ticket.machine_type === machine_type) &&
    (!query.assigned_to || ticket.assigned_to === (query.assigned_to === "none" ? null : assignee)) &&
    (!reported_by || ticket.reported_by === reported_by) &&
    (!customer_id || ticket.customer_id === customer_id) &&
    (!updated_after || Date.parse(ticket.updated_at) > Date.parse(updated_after)) &&
    (!q || q.split(" ").every((word) => ticket.title.split(" ").some((own) => own.startsWith(word.toLowerCase()))))
  );
}

const keys: Record<(typeof SORTS)[number], (ticket: Stocked) => number[]> = {
  "-created_at": (ticket) => [-Date.parse(ticket.created_at), -ticket.id],
  created_at: (ticket) => [Date.parse(ticket.created_at), ticket.id],
  "-updated_at": (ticket) => [-Date.parse(ticket.updated_at), -ticket.id],
  priority: (ticket) => [-PRIORITIES.indexOf(ticket.priority), -Date.parse(ticket.created_at), -ticket.id],
};

/** What the list must hold, found by looking at every ticket. */
function expected(query: Query): number[] {
  const key = keys[query.sort ?? "-created_at"];
  const compare = (a: Stocked, b: Stocked) => {
    const [left, right] = [key(a), key(b)];
    const index = left.findIndex((value, position) => value !== right[position]);
    return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
  };
  return tickets
    .filter((ticket) => matches(ticket, query))
    .sort(compare)
    .map(({ id }) => id);
}

const pathOf = (query: Query) => {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return `/api/tickets?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)]))}`;
};

async function expectSame(query: Query, limit = LIMIT): Promise<number> {
  const ids = await walk(desk, me, pathOf(query), limit);
  expect(ids, pathOf(query)).toEqual(expected(query));
  return ids.length;
}

describe("all pages together are what the model says", () => {
  test.each(SORTS)("sorted by %s", async (sort) => {
    expect(await expectSame({ sort }, 37)).toBe(tickets.filter(({ deleted }) => !deleted).length);
  });

  test("each filter alone", { timeout: 60_000 }, async () => {
    const [{ id: machine_id } = { id: 0 }] = shop.machines;
    const alone: Query[] = [
      ...STATUSES.map((status) => ({ status: [status] })),
      { status: ["received", "in_progress"] },
      { status: [...STATUSES] },
      { status: ["completed", "completed"] },
      ...PRIORITIES.map((priority) => ({ priority: [priority] })),
      { priority: ["critical", "low"] },
      { machine_id },
      ...["CNC", "EDM", "PRESS", "NONE"].map((machine_type) => ({ machine_type })),
      { assigned_to: "me" },
      { assigned_to: "none" },
      ...shop.people.map((assigned_to) => ({ assigned_to })),
      ...shop.people.map((reported_by) => ({ reported_by })),
      { customer_id: 1 },
      { updated_after: "2026-11-01T02:00:00Z" },
      { updated_after: "2026-10-31T22:00:00.000-04:00" },
      { updated_after: tickets[17]?.updated_at ?? "" },
      { q: "spin" },
      { q: "leak" },
      { q: "SPINDLES sp" },
    ];
    for (const query of alone) {
      const found = await expectSame(query, 23);
      if (query.machine_type !== "NONE") expect(found, pathOf(query)).toBeGreaterThan(0);
    }
  });

  test.each([
    { machine_id: 999_999 },
    { assigned_to: 999_999 },
    { reported_by: 999_999 },
    { customer_id: 999_999 },
    { updated_after: "2099-01-01T00:00:00Z" },
  ])("nobody meets %j", async (query) => {
    expect(await expectSame(query)).toBe(0);
  });

  test("any combination, in any order, pages of any size", { timeout: 60_000 }, async () => {
    const maybe = <T>(value: fc.Arbitrary<T>, often = 3) => fc.option(value, { nil: undefined, freq: often });
    const some = (names: readonly string[]) => fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 });
    const queries = fc.record({
      status: maybe(some(STATUSES), 2),
      priority: maybe(some(PRIORITIES)),
      machine_id: maybe(fc.constantFrom(...shop.machines.map(({ id }) => id)), 1),
      machine_type: maybe(fc.constantFrom("CNC", "EDM", "PRESS"), 1),
      assigned_to: maybe(fc.constantFrom<(string | number)[]>("me", "none", ...shop.people), 1),
      reported_by: maybe(fc.constantFrom(...shop.people), 1),
      customer_id: maybe(fc.constantFrom(1, 2), 1),
      updated_after: maybe(fc.constantFrom(...tickets.slice(0, 20).map((ticket) => ticket.updated_at)), 1),
      q: maybe(fc.constantFrom("s", "spin", "spindle l", "leaks", "noisy belt", "zzz"), 1),
      sort: maybe(fc.constantFrom(...SORTS), 5),
    });
    await fc.assert(
      fc.asyncProperty(queries, fc.constantFrom(7, 100), async (query, limit) => {
        await expectSame(query as Query, limit);
      }),
      { seed: 42, numRuns: 60 },
    );
  });
});

test("the order of names in a list of values does not matter", async () => {
  for (const status of ["received,completed", "completed,received", "completed,received,completed"]) {
    expect(await walk(desk, me, `/api/tickets?status=${status}`, 50)).toEqual(
      expected({ status: ["received", "completed"] }),
    );
  }
});
