import { beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "../../src/actor.ts";
import { type ActorContext, createContext } from "../../src/context.ts";
import { boundedPage } from "../../src/db/bounded-page.ts";
import { access } from "../../src/tickets/access.ts";
import { filtersOf, type ListQuery } from "../../src/tickets/filters.ts";
import { ticketPage } from "../../src/tickets/list.ts";
import { SORTS, type Sort } from "../../src/tickets/sorts.ts";
import { realWorld } from "../../src/world.ts";
import { bindings, machine, type Person, person } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { planOf, readsOf, recordingDatabase } from "./plan.ts";
import { PRIORITIES, STATUSES } from "./stock.ts";

const actor: Actor = { id: 1, name: "T", email: "t@shop.example", role: "technician", language: null, sessionId: 1 };
const ctx: ActorContext = {
  ...createContext(bindings(), realWorld, {}),
  actor,
  locale: "en",
  requestId: "plans",
  origin: "https://shop.example",
  prelude: null,
  waitUntil: () => {},
};

const AT = "2026-11-20T15:00:00.000Z";
const AFTER: Record<Sort, (string | number)[]> = {
  "-created_at": [AT, 5],
  created_at: [AT, 5],
  "-updated_at": [AT, 5],
  priority: [1, AT, 5],
  queue: [0, 1, AT, 5],
};

/** The reads of `tickets` that choose the page: by default for the first page and for one further on. */
async function scans(query: Omit<ListQuery, "limit">, sort: Sort, cursors = [null, AFTER[sort]]) {
  const pages = await Promise.all(
    cursors.map((after) => readsOf(boundedPage(ticketPage(ctx, { ...query, limit: 50 }, sort, after, null)), "t")),
  );
  return pages.flat();
}

const using = (index: string) => expect.stringMatching(new RegExp(` t USING (COVERING )?INDEX ${index}( |$)`));

describe("a plain list reads its page off an index, in order", () => {
  test.each<[string, Omit<ListQuery, "limit">, Sort, string, number]>([
    ["everything, newest first", {}, "-created_at", "tickets_created_at", 1],
    ["everything, oldest first", {}, "created_at", "tickets_created_at", 1],
    ["everything, last changed first", {}, "-updated_at", "tickets_updated_at", 1],
    ["everything, most urgent first", {}, "priority", "tickets_priority", 1],
    ["one machine", { machine_id: 1 }, "-created_at", "tickets_machine", 1],
    ["one machine, oldest first", { machine_id: 1 }, "created_at", "tickets_machine", 1],
    ["one type", { machine_type: "CNC" }, "-created_at", "tickets_machine_type", 1],
    ["mine", { assigned_to: "me" }, "-created_at", "tickets_assignee", 1],
    ["somebody's", { assigned_to: 5 }, "created_at", "tickets_assignee", 1],
    ["nobody's", { assigned_to: "none" }, "-created_at", "tickets_assignee", 1],
    ["reported by one person", { reported_by: 5 }, "-created_at", "tickets_reporter", 1],
    ["one customer's", { customer_id: 1 }, "-created_at", "tickets_customer", 1],
    ["changes since", { updated_after: AT }, "-updated_at", "tickets_updated_at", 1],
    ["one status", { status: ["received"] }, "-created_at", "tickets_status", 1],
    ["one status, oldest first", { status: ["completed"] }, "created_at", "tickets_status", 1],
    ["three statuses", { status: ["received", "completed", "archived"] }, "-created_at", "tickets_status", 3],
    ["all statuses", { status: [...STATUSES] }, "-created_at", "tickets_status", 7],
    ["one priority", { priority: ["critical"] }, "priority", "tickets_priority", 1],
    ["one priority, newest first", { priority: ["critical"] }, "-created_at", "tickets_priority", 1],
    ["three priorities", { priority: ["critical", "medium", "low"] }, "created_at", "tickets_priority", 3],
  ])("%s", async (_, query, sort, index, count) => {
    const reads = await scans(query, sort);
    expect(reads).toEqual(Array(2 * count).fill({ detail: using(index), sorted: false }));
  });
});

describe("every combination of filters and order is read by the indexes chosen for it", () => {
  const FILTERS: Omit<ListQuery, "limit">[] = [
    {},
    ...STATUSES.map((status) => ({ status: [status] })),
    { status: ["received", "in_progress"] },
    { status: [...STATUSES] },
    { priority: ["low"] },
    { priority: [...PRIORITIES] },
    { machine_id: 1 },
    { machine_type: "CNC" },
    { assigned_to: "me" },
    { assigned_to: "none" },
    { assigned_to: 5 },
    { reported_by: 5 },
    { customer_id: 1 },
    { updated_after: AT },
  ];
  const PAIRS = FILTERS.flatMap((first, index) => FILTERS.slice(index).map((second) => ({ ...first, ...second })));

  test.each(Object.keys(SORTS) as Sort[])("sorted by %s", async (sort) => {
    for (const filter of PAIRS) {
      const query = { ...filter, limit: 50, ...(sort === "queue" && { assigned_to: "me" as const }) };
      const reads = await scans(query, sort, [AFTER[sort]]);
      const { scans: parts, small } = access(filtersOf(ctx, query), query, sort);
      const indexes = [...parts, ...small].map(({ from }) => from.sql.replace("tickets t INDEXED BY ", ""));
      expect(reads.length).toBeGreaterThan(0);
      for (const { detail } of reads) {
        const [, index = detail] = / t USING (?:COVERING )?INDEX (\w+)/.exec(detail) ?? [];
        expect(indexes, JSON.stringify({ query, sort })).toContain(index);
      }
    }
  });

  test("one's queue reads one's own open tickets only", async () => {
    const reads = await scans({ assigned_to: "me" }, "queue");
    for (const { detail } of reads) expect(detail).toBe("SEARCH t USING INDEX tickets_queue (assigned_to=?)");
  });

  test("a search with a rare word reads the tickets that have it", async () => {
    const found = {
      conditions: [{ sql: "true", params: [] }],
      filed: new Uint32Array([0b101000]),
      filedUpTo: 5,
      total: 9,
    };
    for (const sort of Object.keys(SORTS) as Sort[]) {
      const query = { status: ["received" as const], assigned_to: 5, limit: 50 };
      const statement = boundedPage(ticketPage(ctx, query, sort, AFTER[sort], found));
      expect((await readsOf(statement, "t")).map(({ detail }) => detail)).toEqual([
        "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)",
      ]);
    }
  });
});

describe("what the desk really runs", () => {
  const { database, statements } = recordingDatabase();
  const desk = openDesk(AT, { DB: database });
  let admin: Person;
  let ref: string;

  beforeAll(async () => {
    admin = await person("admin");
    ref = (await desk.create(admin, { machine_id: await machine() })).ticket_id;
  });

  /** The plans of all statements of a request that name this table. */
  async function plans(request: () => Promise<unknown>, table: string) {
    statements.length = 0;
    await request();
    const concerned = statements.filter(({ sql }) =>
      new RegExp(`(FROM|JOIN|UPDATE|INTO) "?${table}"?\\b`, "i").test(sql),
    );
    expect(concerned.length).toBeGreaterThan(0);
    return Promise.all(concerned.map(async (statement) => ({ sql: statement.sql, plan: await planOf(statement) })));
  }

  // A virtual table has no other way; what was read before is as small as the page; the outbox begins with the endpoints.
  const HARMLESS = /^SCAN (json_each|e|ev|heard|c|p|moment|job|answer|w|CONSTANT ROW|\d+ CONSTANT|\(subquery|SUBQUERY)/;

  test.each<[string, (on: string) => Promise<unknown>]>([
    ["reading", (on) => desk.get(admin, `/api/tickets/${on}`)],
    ["the timeline", (on) => desk.get(admin, `/api/tickets/${on}/timeline`)],
    [
      "changing",
      (on) => desk.change(admin, on, { title: `Renamed ${on}`, is_machine_down: true, assigned_to: admin.id }),
    ],
    ["acknowledging", (on) => desk.acknowledge(admin, on)],
    ["commenting", (on) => desk.comment(admin, on, "Smoke", { "idempotency-key": "plans" })],
    ["deleting", (on) => desk.remove(admin, on)],
  ])("%s a ticket by its number scans no table", async (_, request) => {
    for (const { sql, plan } of await plans(() => request(ref), "tickets")) {
      const full = plan.filter((step) => step.startsWith("SCAN") && !HARMLESS.test(step));
      expect(full, sql).toEqual([]);
    }
    const [lookup] = statements.filter(({ params }) => params.includes(ref));
    expect(await planOf(lookup ?? { sql: "", params: [] })).toContainEqual(
      expect.stringMatching(/^SEARCH tickets USING INDEX sqlite_autoindex_tickets_1 \(ticket_id=\?\)$/),
    );
  });

  test("the cron run finds overdue and unacknowledged tickets by their partial indexes", async () => {
    const found = await plans(desk.cron, "tickets");
    const reads = found.flatMap(({ plan }) => plan.filter((step) => / tickets USING /.test(step)));
    const inner = reads.filter((step) => /tickets_(overdue|unacknowledged)/.test(step));
    expect(inner.toSorted()).toEqual([
      ...Array(2).fill("SEARCH tickets USING INDEX tickets_overdue (scheduled_date>? AND scheduled_date<?)"),
      ...Array(3).fill("SEARCH tickets USING INDEX tickets_unacknowledged (created_at<?)"),
    ]);
    for (const { plan } of found) expect(plan.filter((step) => /^SCAN tickets/.test(step))).toEqual([]);
  });
});
