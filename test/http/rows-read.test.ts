import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, queryAll, startApp } from "../helpers.ts";
import { openDesk } from "../tickets/desk.ts";
import { busyShop, NOW } from "./busy-shop.ts";
import { admin, type Case, next, request } from "./once-cases.ts";
import { ROUTE_CASES, STRIPE_SECRET } from "./route-cases.ts";
import { HEAVY, MORE_ROWS, type Query, READS, YEARS } from "./rows-read-cases.ts";

// What is billed, and what a request waits for, is rows that the database looks at. No route looks at all of a table, however
// much a shop has collected.

const TICKETS = 20_000;
/** Rows that a request may read: for a page or a change, for figures of a year. */
const PAGE = 5000;
const YEAR = 50_000;

/** Closed ones of the first year and a half, tested along the order of creation. */
const RARE = { status: "cancelled,archived", priority: "high,critical", limit: 30 };

interface Operation {
  parameters?: { name: string; in: string; schema: { enum?: string[]; items?: { enum?: string[] } } }[];
}
const { paths } = (await (await startApp().request("/api/openapi.json")).json()) as {
  paths: Record<string, Record<string, Operation>>;
};

const { database, take } = countedDatabase(env.DB);
const settings = { DB: database, STRIPE_SECRET_KEY: "sk_test_rows", STRIPE_WEBHOOK_SECRET: STRIPE_SECRET };
const desk = openDesk(NOW, settings);

beforeAll(() => busyShop(TICKETS));

/** The address of a request: a path of the document with its parameters filled in, and the query. */
function address(path: string, params: Query, query: Query): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** The rows that a GET reads for its answer, or for the first piece of one that is sent in pieces. */
async function rowsOf(path: string): Promise<number> {
  take();
  const response = await desk.get(admin, path);
  const reader = response.body?.getReader();
  await reader?.read();
  const { rowsRead } = take();
  await reader?.cancel();
  expect({ path, status: response.status }).toEqual({ path, status: expect.toBeOneOf([200, 404]) });
  return rowsRead;
}

/** Parameters whose cases are in a test of their own. */
const ELSEWHERE: Record<string, string[]> = {
  // test/tickets/search-rows.test.ts
  "/api/tickets": ["q"],
  "/api/tickets.csv": ["q"],
};

test("every GET has a case for each parameter, and for each of its values where they are few", () => {
  const reads = Object.entries(paths).flatMap(([path, { get }]) => (get ? [[path, get] as const] : []));
  expect(Object.keys(READS).sort()).toEqual(reads.map(([path]) => path).sort());
  const missing = reads.flatMap(([path, { parameters = [] }]) =>
    parameters
      .filter(({ name, in: where }) => where === "query" && !ELSEWHERE[path]?.includes(name))
      .flatMap(({ name, schema }) => {
        const asked = READS[path]?.queries?.flatMap((query) => (name in query ? [String(query[name])] : [])) ?? [];
        const values = schema.enum ?? schema.items?.enum;
        if (values) return values.filter((value) => !asked.includes(value)).map((value) => `${path} ${name}=${value}`);
        return asked.length > 0 ? [] : [`${path} ${name}`];
      }),
  );
  expect(missing).toEqual([]);
});

test.each(Object.entries(READS))("GET %s", async (path, { params = [{}], queries = [{}], most = PAGE }) => {
  const above: [string, number][] = [];
  for (const each of params) {
    for (const query of queries) {
      const target = address(path, each, query);
      const rows = await rowsOf(target);
      if (rows > most) above.push([decodeURIComponent(target), rows]);
    }
  }
  expect(above).toEqual([]);
});

test("a rare ticket is found by going on, also over pages that hold none", async () => {
  const found: number[] = [];
  let short = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const path: string = address("/api/tickets", {}, { ...RARE, ...(cursor && { cursor }) });
    const page: { tickets: Ticket[]; next_cursor: string | null } = await (await desk.get(admin, path)).json();
    found.push(...page.tickets.map(({ id }) => id));
    short += Number(page.tickets.length < RARE.limit && page.next_cursor !== null);
    cursor = page.next_cursor;
  }
  const rows = await queryAll<{ id: number }>(
    "SELECT id FROM tickets WHERE status IN ('cancelled', 'archived') AND priority IN ('high', 'critical') ORDER BY id DESC",
  );
  expect(found).toEqual(rows.map(({ id }) => id));
  expect(short).toBeGreaterThan(5);
});

/** What changes something, on the clock that everything there was made by. */
const counter = startApp(
  { fetch: async () => new Response(null, { status: 201 }) },
  bindings({ ...settings, DELIVERIES: { send: async () => {}, sendBatch: async () => {} } }),
);

test("every operation has a case", () => {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(Object.keys(ROUTE_CASES)).toEqual(expect.arrayContaining(operations));
});

describe("a change reads what it concerns", () => {
  const changes = Object.entries({ ...ROUTE_CASES, ...HEAVY }).filter(([name]) => !name.startsWith("GET"));

  test.each(changes)("%s", async (name, prepare) => {
    const one: Case = await prepare();
    take();
    const response = await request(name, one, one.body, `rows-${next()}`, counter);
    expect(response.status).toBeLessThan(400);
    expect(take().rowsRead).toBeLessThanOrEqual(MORE_ROWS[name] ?? PAGE);
  });
});

describe("once past days are kept", () => {
  beforeAll(async () => {
    for (let run = 0; run < 100; run++) await desk.cron();
    expect(await queryAll("SELECT 1 FROM stats_days WHERE is_stale = 1")).toEqual([]);
  });

  test.each(YEARS)("figures of a year: %j", async (query) => {
    expect(await rowsOf(address("/api/stats", {}, query))).toBeLessThan(YEAR);
  });

  test("a minute in which nothing happens", async () => {
    await execute(
      `UPDATE deliveries SET status = 'completed', next_attempt_at = NULL, completed_at = updated_at WHERE status = 'pending'`,
    );
    take();
    await desk.cron();
    const { rowsRead, rowsWritten } = take();
    expect(rowsWritten).toBe(0);
    expect(rowsRead).toBeLessThanOrEqual(80);
  });
});
