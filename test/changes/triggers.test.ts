import { beforeAll, expect, test } from "vitest";
import { Machine } from "../../src/machines/schemas.ts";
import { Ticket } from "../../src/tickets/schemas.ts";
import { AssignableUser } from "../../src/users/schemas.ts";
import { execute, machine, person, queryAll } from "../helpers.ts";
import { crew, openDesk } from "../tickets/desk.ts";

// Whoever repairs something by hand need not think of who keeps a copy of it.

beforeAll(async () => {
  const people = await crew();
  await openDesk().create(people.operator, { machine_id: await machine() });
  await person("technician");
});

const changes = () =>
  queryAll<{ seq: number; ticket_id: number | null; machine_id: number | null; user_id: number | null }>(
    "SELECT * FROM document_changes ORDER BY seq",
  );

/** What a statement has added, without its number. */
async function added(...statements: string[]): Promise<object[]> {
  const before = await changes();
  await execute(...statements);
  const after = await changes();
  expect(after.map(({ seq }) => seq)).toEqual(after.map((_, index) => index + 1));
  return after.slice(before.length).map(({ seq: _, ...about }) => about);
}
const about = (change: object) => ({ ticket_id: null, machine_id: null, user_id: null, ...change });

test.each([
  ["tickets", Ticket, { ticket_id: 1 }],
  ["machines", Machine, { machine_id: 1 }],
])("whatever column of %s a document shows: when it is set, that is a change", async (table, { shape }, change) => {
  const columns = await queryAll<{ name: string; hidden: number }>(
    `SELECT name, hidden FROM pragma_table_xinfo('${table}')`,
  );
  const shown = columns.filter(({ name, hidden }) => hidden === 0 && name in shape && name !== "id");
  expect(shown.length).toBeGreaterThan(12);
  const kinds = [...shown.map(({ name }) => name), table === "tickets" ? "deleted_at" : "retired_at"];
  for (const name of kinds)
    expect([name, await added(`UPDATE ${table} SET ${name} = ${name} WHERE id = 1`)]).toEqual([name, [about(change)]]);
});

test("a person's name, role and whether they are active are changes, where they are others than before", async () => {
  expect(Object.keys(AssignableUser.shape)).toEqual(["id", "name", "role"]);
  const change = [about({ user_id: 2 })];
  expect(await added("UPDATE users SET name = 'Tara' WHERE id = 2")).toEqual(change);
  expect(await added("UPDATE users SET role = 'admin' WHERE id = 2")).toEqual(change);
  expect(await added("UPDATE users SET active = 0 WHERE id = 2")).toEqual(change);
  expect(await added("UPDATE users SET name = name, language = 'fr', updated_at = 'now' WHERE id = 2")).toEqual([]);
});

test("another code of a type is a change of its machines; another name is none", async () => {
  expect(await added("UPDATE machine_types SET code = 'MILL'")).toEqual([about({ machine_id: 1 })]);
  expect(await added("UPDATE machine_types SET code = code, name = 'Mill'")).toEqual([]);
});

test("what a ticket is searched, reminded and escalated by is nobody's copy", async () => {
  expect(await added("UPDATE tickets SET search_text = ' x', overdue_notified_for = 'x', escalated_at = 'x'")).toEqual(
    [],
  );
});

test("what is removed by hand leaves a change behind, and numbers go on", async () => {
  const removed = [about({ ticket_id: 1 })];
  expect(await added("DELETE FROM ticket_timeline", "DELETE FROM tickets WHERE id = 1")).toEqual(removed);
  expect(await added("DELETE FROM machines WHERE id = 1")).toEqual([about({ machine_id: 1 })]);
});
