import { beforeAll, describe, expect, test } from "vitest";
import { importSql, type OldRow, planImport, readRows } from "../../scripts/lib/sync-import.ts";
import { deliveryRows } from "../deliveries/rows.ts";
import { execute, type Person, person, queryAll, send } from "../helpers.ts";
import { clearSync, insertCustomers } from "./customers.ts";
import { stripeStage } from "./stripe-stage.ts";

// A migration test: the rows of an old queue, with all that its guide told people to delete by hand, become clean jobs.

const NOW = new Date("2026-11-20T15:04:05.123Z");
let admin: Person;
let ids: number[];

beforeAll(async () => {
  admin = await person("admin");
  await clearSync();
  await insertCustomers(6);
  ids = (await queryAll<{ id: number }>("SELECT id FROM customers ORDER BY id")).map(({ id }) => id);
});

const uuid = (n: number) => `6f9619ff-8b86-d011-b42d-00000000000${n}`;
const row = (space: number | null, status: string | null, created_at: string | null, more: OldRow = {}): OldRow => ({
  id: uuid(9),
  space_id: space === null ? null : uuid(space),
  event_type: "MANUAL_SYNC",
  payload: { name: "what it was then" },
  status,
  created_at,
  ...more,
});

/** The old table: duplicates, NULLs, unknown statuses, rows that were never finished. */
const OLD: OldRow[] = [
  row(1, "completed", "2026-11-01T10:00:00Z"),
  row(1, "pending", "2026-11-20T15:00:00Z"),
  row(1, "failed", "2026-11-10T10:00:00Z", { event_type: "UPDATE" }),
  row(2, "pending", "2026-11-01 10:00:00+00"),
  row(3, "processing", "2026-11-19T10:00:00.5-05:00", { updated_at: "2026-11-19T16:00:00Z" }),
  row(4, "completed", "2026-11-02T10:00:00Z", { updated_at: "2026-11-02T10:00:07Z" }),
  row(5, "failed", "2026-11-03T10:00:00Z", { error: "No such customer: it's gone" }),
  row(null, "pending", "2026-11-20T10:00:00Z"),
  row(1, null, "2026-11-20T15:03:00Z"),
  row(1, "pending", "2026-11-20T15:03:00Z", { event_type: null }),
  row(2, "en_attente", "2026-11-20T15:03:00Z"),
  row(2, "pending", null),
  row(8, "pending", "2026-11-20T10:00:00Z"),
];

const plan = (rows: OldRow[]) =>
  planImport(rows, {
    now: NOW,
    customers: new Set(ids),
    ids: Object.fromEntries(ids.map((id, index) => [uuid(index + 1), id])),
  });

describe("the plan", () => {
  test("keeps the newest, sends what is stuck and reports what names no job", () => {
    const { jobs, report } = plan(OLD);
    expect(report).toEqual({
      read: 13,
      jobs: { pending: 3, completed: 1, failed: 1 },
      duplicates: 2,
      stuck: 2,
      invalid: [
        { row: 8, id: uuid(9), reason: "no customer" },
        { row: 9, id: uuid(9), reason: "no status" },
        { row: 10, id: uuid(9), reason: "no event type" },
        { row: 11, id: uuid(9), reason: "unknown status: en_attente" },
        { row: 12, id: uuid(9), reason: "no time of creation" },
        { row: 13, id: uuid(9), reason: `no such customer: ${uuid(8)}` },
      ],
    });
    expect(
      jobs.map(({ customer_id, status, created_at }) => [ids.indexOf(customer_id) + 1, status, created_at]),
    ).toEqual([
      [1, "pending", "2026-11-20T15:00:00.000Z"],
      [2, "pending", "2026-11-01T10:00:00.000Z"],
      [3, "pending", "2026-11-19T15:00:00.500Z"],
      [4, "completed", "2026-11-02T10:00:00.000Z"],
      [5, "failed", "2026-11-03T10:00:00.000Z"],
    ]);
    expect(report.duplicates + report.invalid.length + jobs.length).toBe(report.read);
  });

  test("does not depend on the order of the rows", () => {
    const byCustomer = (rows: OldRow[]) => plan(rows).jobs.sort((a, b) => a.customer_id - b.customer_id);
    expect(byCustomer(OLD.toReversed())).toEqual(byCustomer(OLD));
  });

  test("takes the customers' own numbers too", () => {
    const [first] = ids;
    const { jobs, report } = plan([
      { customer_id: first, event_type: "x", status: "PENDING", created_at: "2026-11-20T15:04:00Z" },
    ]);
    expect(report).toMatchObject({ jobs: { pending: 1 }, stuck: 0, invalid: [] });
    expect(jobs[0]?.customer_id).toBe(first);
  });
});

test("an export is read as JSON or CSV, alike", () => {
  const json = JSON.stringify(OLD.map(({ payload, ...rest }) => rest));
  const columns = ["id", "space_id", "event_type", "status", "created_at", "updated_at", "error"];
  const cell = (value: unknown) => (value === null || value === undefined ? "NULL" : `"${String(value)}"`);
  const csv = [columns.join(), ...OLD.map((old) => columns.map((column) => cell(old[column])).join())].join("\r\n");
  expect(plan(readRows(csv))).toEqual(plan(readRows(json)));
  expect(plan(readRows(json))).toEqual(plan(OLD));
  expect(plan(readRows(`\uFEFF${json}`))).toEqual(plan(OLD));
  expect(plan(readRows(`\uFEFF${csv}`))).toEqual(plan(OLD));
  expect(readRows("[]")).toEqual([]);
  for (const broken of ["[1]", "[", 'id,status\n1,"open\n']) expect(() => readRows(broken)).toThrow();
});

test("in the migrated database the jobs are clean, are sent, and a repeated import changes nothing", async () => {
  const { on, stripe } = stripeStage();
  const statements = importSql(plan(OLD).jobs, NOW);
  await execute(...statements);
  const imported = await deliveryRows();
  expect(imported).toMatchObject([
    { subject: `customer:${ids[0]}`, status: "pending", next_attempt_at: NOW.toISOString() },
    { subject: `customer:${ids[1]}`, status: "pending" },
    { subject: `customer:${ids[2]}`, status: "pending" },
    { subject: `customer:${ids[3]}`, status: "completed", completed_at: "2026-11-02T10:00:07.000Z" },
    { subject: `customer:${ids[4]}`, status: "failed", last_error: "No such customer: it's gone" },
  ]);
  expect(imported.map((job) => job.payload)).toEqual(ids.slice(0, 5).map((id) => `{"customer_id":${id}}`));
  expect(JSON.stringify(imported)).not.toContain("what it was then");
  await execute(...statements);
  expect(await deliveryRows()).toEqual(imported);

  const health = await (await on.app.request("/api/deliveries/health", send(admin))).json();
  expect(health).toMatchObject({ pending: 3, processing: 0, failed: 1, stuck: 0, duplicates: 0, invalid: 0 });
  await on.cron();
  await on.deliver();
  expect(await stripe.customers()).toHaveLength(3);
  const sent = await deliveryRows();
  await execute(...importSql(plan(OLD).jobs, NOW));
  expect(await deliveryRows()).toEqual(sent);
  // What the old queue was asked for later is asked for here as well.
  const later = row(4, "pending", "2026-11-20T15:04:00Z");
  await execute(...importSql(plan([later]).jobs, NOW));
  expect(await deliveryRows(`subject = 'customer:${ids[3]}'`)).toMatchObject([
    { status: "pending", generation: 2, completed_at: null },
  ]);
});

test.each([
  ["a statement", "'); DROP TABLE deliveries; --"],
  ["a transaction, which wrangler would take out", "BEGIN TRANSACTION; COMMIT; /* $a$ ` \" ' \\"],
  ["half a character at its end", `${"x".repeat(499)}😀`],
])("an old error is data, also with %s", async (_, error) => {
  const statements = importSql(plan([row(6, "failed", "2026-11-03T10:00:00Z", { error })]).jobs, NOW);
  for (const statement of statements) expect(statement).toMatch(/^[^;`"$]*$/);
  const subject = `subject = 'customer:${ids[5]}'`;
  await execute(`DELETE FROM deliveries WHERE ${subject}`, ...statements);
  const kept = error.slice(0, 500);
  expect(await deliveryRows(subject)).toMatchObject([
    { status: "failed", last_error: kept.isWellFormed() ? kept : "x".repeat(499) },
  ]);
});

test("thousands of jobs go in statements of bounded length", () => {
  const [first = 0] = ids;
  const jobs = Array.from({ length: 5000 }, (_, index) => ({
    customer_id: first + index,
    status: "failed" as const,
    last_error: "\u0001".repeat(500),
    created_at: NOW.toISOString(),
    updated_at: NOW.toISOString(),
  }));
  const statements = importSql(jobs, NOW);
  for (const statement of statements) expect(new TextEncoder().encode(statement).length).toBeLessThan(100_000);
});
