import { env } from "cloudflare:workers";
import { asc, eq, sql } from "drizzle-orm";
import { beforeAll, expect, test } from "vitest";
import { type Check, CheckedDatabase, CheckFailed, failUnless } from "../../src/db/checked-database.ts";
import { queryBuilder } from "../../src/db/query-builder.ts";
import { machine_types, machines } from "../../src/db/schema.ts";
import { execute, machine, queryAll } from "../helpers.ts";

let holds = true;
const check: Check = {
  statements: () => [env.DB.prepare(`SELECT ${failUnless("? = 1")}`).bind(holds ? 1 : 0)],
  passed: () => undefined,
};
const checked = () => new CheckedDatabase(env.DB, check);

beforeAll(async () => {
  for (const code of ["CNC", "LATHE"]) await machine(code, `${code} one`);
  await execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT) STRICT");
});

const notes = () => queryAll("SELECT body FROM notes");

test("every way to ask gives what D1 itself gives", async () => {
  const SELECT = "SELECT id, name FROM machines WHERE id > ? ORDER BY id";
  const [ours, theirs] = [checked().prepare(SELECT).bind(0), env.DB.prepare(SELECT).bind(0)];
  expect((await ours.all()).results).toEqual((await theirs.all()).results);
  expect((await ours.run()).results).toEqual((await theirs.run()).results);
  expect(await ours.raw()).toEqual(await theirs.raw());
  expect(await ours.first()).toEqual(await theirs.first());
  expect(await ours.first("name")).toBe("CNC one");
  expect(await checked().prepare(SELECT).bind(99).first()).toBeNull();
  const { meta } = await checked().prepare("UPDATE machine_types SET name = name WHERE id = 1").run();
  expect(meta.changes).toBe(1);
});

test("a failed check undoes its trip and stops those after it", async () => {
  const database = checked();
  const note = (body: string) => database.prepare("INSERT INTO notes (body) VALUES (?)").bind(body);
  await note("first").run();
  holds = false;
  await expect(database.batch([note("second"), note("third")])).rejects.toThrow(CheckFailed);
  holds = true;
  await expect(note("fourth").run()).rejects.toThrow(CheckFailed);
  expect(await notes()).toEqual([{ body: "first" }]);
});

test("nothing else is taken for a failed check", async () => {
  const database = checked();
  const broken = database.prepare("SELECT json_extract('{}', 'bad path')").first();
  await expect(broken).rejects.toSatisfy((error) => !CheckFailed.is(error));
  await expect(database.prepare("SELECT abs(-9223372036854775808)").first()).rejects.toThrow("overflow");
  expect(await database.prepare("SELECT 1 AS one").first("one")).toBe(1);
});

test("a query builder's error about it is recognised", async () => {
  holds = false;
  const failing = queryBuilder(checked()).select({ id: machines.id }).from(machines);
  await expect(failing).rejects.toSatisfy(CheckFailed.is);
  holds = true;
});

test("columns of equal names stay apart, alone and in a batch", async () => {
  const db = queryBuilder(checked());
  const joined = () =>
    db
      .select({
        id: machines.id,
        type_id: machine_types.id,
        name: machines.name,
        type_name: machine_types.name,
        retired: sql<boolean>`${machines.retired_at} IS NOT NULL`.mapWith(Boolean),
      })
      .from(machines)
      .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
      .where(eq(machine_types.code, "LATHE"))
      .orderBy(asc(machines.id));
  const wanted = [{ id: 2, type_id: 2, name: "LATHE one", type_name: "LATHE", retired: false }];
  expect(await joined()).toEqual(wanted);
  expect(await db.batch([joined(), joined()])).toEqual([wanted, wanted]);
});

test("a selection that would not name its columns is refused", () => {
  const db = queryBuilder(env.DB);
  expect(() => db.select({ machine: { id: machines.id } })).toThrow("machine is neither a column nor SQL");
});
