import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { beforeAll, describe, expect, test } from "vitest";
import { isNotNullViolation, isTransient, isUniqueViolation } from "../../src/db/errors.ts";
import { machine_types, users } from "../../src/db/schema.ts";
import { execute } from "../helpers.ts";

const db = drizzle(env.DB);
const at = "2026-01-01T00:00:00.000Z";
const newType = { id: 99, code: "CNC", name: "CNC", created_at: at, updated_at: at };

beforeAll(() =>
  execute(`INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '', '')`),
);

/** The error that a promise is rejected with. */
const errorOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error,
  );

const unique = "INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '', '')";

describe("a UNIQUE violation is recognised however it was wrapped", () => {
  test.each<[string, () => PromiseLike<unknown>]>([
    ["a prepared statement", () => env.DB.prepare(unique).run()],
    ["a D1 batch", () => env.DB.batch([env.DB.prepare("SELECT 1"), env.DB.prepare(unique)])],
    ["a Drizzle query", () => db.insert(machine_types).values(newType)],
    ["a Drizzle query with RETURNING", () => db.insert(machine_types).values(newType).returning()],
    [
      "a Drizzle batch",
      () => db.batch([db.select().from(users).where(eq(users.id, 1)), db.insert(machine_types).values(newType)]),
    ],
  ])("from %s", async (_, run) => {
    const error = await errorOf(run());
    expect(isUniqueViolation(error, "machine_types.code")).toBe(true);
    expect(isUniqueViolation(error, "machine_types.name")).toBe(false);
    expect(isNotNullViolation(error, "machine_types.code")).toBe(false);
    expect(isTransient(error)).toBe(false);
  });
});

test("a composite key is named by all its columns", async () => {
  const insert = "INSERT INTO ticket_counters VALUES ('CNC', '1126', 1)";
  await execute(insert);
  const error = await errorOf(env.DB.prepare(insert).run());
  expect(isUniqueViolation(error, "ticket_counters.code, ticket_counters.month")).toBe(true);
  expect(isUniqueViolation(error, "ticket_counters.code")).toBe(false);
  expect(isUniqueViolation(error, "ticket_counters.month")).toBe(false);
});

test("other constraints are told apart", async () => {
  const notNull = await errorOf(env.DB.prepare("INSERT INTO ticket_counters VALUES (NULL, '1126', 1)").run());
  const check = await errorOf(env.DB.prepare("INSERT INTO ticket_counters VALUES ('X', '1126', 0)").run());
  const foreign = await errorOf(
    env.DB.prepare(
      "INSERT INTO ticket_timeline (ticket_id, id, action, created_at) VALUES (99, 1, 'created', '')",
    ).run(),
  );
  expect(isNotNullViolation(notNull, "ticket_counters.code")).toBe(true);
  expect(isNotNullViolation(notNull, "ticket_counters.month")).toBe(false);
  for (const error of [notNull, check, foreign]) {
    expect(isUniqueViolation(error, "ticket_counters.code, ticket_counters.month")).toBe(false);
    expect(isTransient(error)).toBe(false);
  }
  for (const error of [check, foreign]) expect(isNotNullViolation(error, "ticket_counters.code")).toBe(false);
});

describe("the match is exact", () => {
  const collision =
    "D1_ERROR: UNIQUE constraint failed: tickets.ticket_id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)";
  const nested = (depth: number): Error =>
    depth === 0 ? new Error(collision) : new Error(`layer ${depth}`, { cause: nested(depth - 1) });

  test.each<[string, unknown, boolean]>([
    ["the constraint itself", new Error(collision), true],
    ["the cause of an error", nested(1), true],
    ["the cause of a cause", nested(5), true],
    ["a longer column name", new Error(collision.replace("ticket_id", "ticket_id_old")), false],
    ["a composite that begins with it", new Error(collision.replace("ticket_id", "ticket_id, tickets.title")), false],
    ["a composite that ends with it", new Error(collision.replace("tickets.", "tickets.title, tickets.")), false],
    ["another table", new Error(collision.replace("tickets.", "old_tickets.")), false],
    ["another constraint", new Error(collision.replace("UNIQUE", "CHECK")), false],
    ["a message about constraints in general", new Error("constraint"), false],
    ["a text instead of an error", collision, false],
    ["an object that is no error", { message: collision }, false],
    ["null", null, false],
    ["undefined", undefined, false],
  ])("%s", (_, error, expected) => {
    expect(isUniqueViolation(error, "tickets.ticket_id")).toBe(expected);
  });

  test("a chain that leads back to itself ends", () => {
    const error = new Error("first");
    error.cause = new Error("second", { cause: error });
    expect(isUniqueViolation(error, "tickets.ticket_id")).toBe(false);
  });
});

test.each<[string, boolean]>([
  ["D1_ERROR: Network connection lost", true],
  ["D1_ERROR: Network connection lost.: SQLITE_ERROR", true],
  ["D1_ERROR: D1 DB storage caused object to be reset.", true],
  ["D1_ERROR: D1 DB reset because its code was updated.", true],
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", false],
  ["D1_ERROR: D1 DB exceeded its CPU time limit and was reset.", false],
  ["D1_ERROR: no such table: tickets: SQLITE_ERROR", false],
  ["D1_ERROR: UNIQUE constraint failed: tickets.ticket_id: SQLITE_CONSTRAINT", false],
])("'%s' is transient: %s", (message, expected) => {
  expect(isTransient(new Error(message))).toBe(expected);
  expect(isTransient(new Error("wrapped", { cause: new Error(message) }))).toBe(expected);
});
