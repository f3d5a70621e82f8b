import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { CHANGES_KEPT, forgetChanges } from "../../src/changes/forget.ts";
import { createContext } from "../../src/context.ts";
import { encodeCursor } from "../../src/http/cursor.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { realWorld } from "../../src/world.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { execute, machine, type Person, queryAll, send } from "../helpers.ts";
import { crew, openDesk, problemOf } from "../tickets/desk.ts";
import { ask, Page } from "./follower.ts";

const counted = countedDatabase(env.DB);
const desk = openDesk("2026-11-20T15:00:00.000Z", { DB: counted.database });
const { app } = desk;
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

async function page(cursor: string | null, query = "") {
  const response = await ask(app, people.operator, cursor, query);
  expect(response.status).toBe(200);
  return Page.parse(await response.json());
}
const now = async () => (await page(null)).next_cursor;
const report = (fields = {}) => desk.create(people.operator, { machine_id, ...fields });
const shown = async (path: string) => (await (await desk.get(people.operator, path)).json()) as Record<string, object>;

test("without a cursor it begins now: nothing has changed, and a cursor leads on", async () => {
  await report();
  expect(await page(null)).toEqual({ changes: [], next_cursor: expect.any(String), more: false });
});

test("a ticket that changed several times is there once, as it is now, at its last change", async () => {
  const before = await now();
  const first = await report();
  const second = await report();
  for (const title of ["Louder", "Louder still", "Smoke"]) await desk.change(people.operator, first.id, { title });
  const { changes, more } = await page(before);
  expect(changes.map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(changes[1]).toEqual({
    kind: "ticket",
    id: first.id,
    seq: (changes[0]?.seq ?? 0) + 3,
    gone: false,
    ticket: (await shown(`/api/tickets/${first.id}`)).ticket,
  });
  expect(more).toBe(false);
});

test("a page is so many changes long, and the next one goes on", async () => {
  let cursor = await now();
  const ids = [(await report()).id, (await report()).id, (await report()).id];
  const pages: number[][] = [];
  for (let more = true; more; ) {
    const { changes, ...next } = await page(cursor, "&limit=2");
    pages.push(changes.map(({ id }) => id));
    ({ next_cursor: cursor, more } = next);
  }
  expect(pages).toEqual([ids.slice(0, 2), ids.slice(2)]);
});

describe("what is gone", () => {
  test("is a deleted ticket, without more of it", async () => {
    const { id } = await report();
    const before = await now();
    await desk.remove(people.admin, id);
    const { changes } = await page(before);
    expect(changes).toEqual([{ seq: expect.any(Number), kind: "ticket", id, gone: true }]);
  });

  test("is a machine: a retired one as it was, an erased one by its id", async () => {
    const [erased, retired] = [await machine(), await machine()];
    await report({ machine_id: retired });
    const before = await now();
    for (const id of [erased, retired])
      await app.request(`/api/machines/${id}`, send(people.supervisor, undefined, {}, "DELETE"));
    const { changes } = await page(before);
    const change = { seq: expect.any(Number), kind: "machine", gone: true };
    expect(changes).toEqual([
      { ...change, id: erased },
      { ...change, id: retired, machine: (await shown(`/api/machines/${retired}`)).machine },
    ]);
  });

  test("is whoever cannot be given tickets any more, by name", async () => {
    const before = await now();
    const change = (fields: object) =>
      app.request(`/api/users/${people.technician.id}`, send(people.admin, fields, {}, "PATCH"));
    await change({ active: false });
    const left = { seq: expect.any(Number), kind: "person", id: people.technician.id, gone: true };
    expect((await page(before)).changes).toEqual([
      { ...left, person: { id: people.technician.id, name: expect.any(String), role: "technician" } },
    ]);
    await change({ active: true });
    expect((await page(before)).changes).toMatchObject([{ ...left, gone: false }]);
  });
});

test("a ticket that stops its machine, and lets it run again, brings the machine along", async () => {
  const before = await now();
  const { id } = await report({ is_machine_down: true });
  const stopped = await page(before);
  expect(stopped.changes).toMatchObject([
    { kind: "ticket", id },
    { kind: "machine", id: machine_id, machine: { status: "out_of_service" } },
  ]);
  await desk.change(people.supervisor, id, { status: "cancelled" });
  expect((await page(stopped.next_cursor)).changes).toMatchObject([
    { kind: "ticket", id, ticket: { status: "cancelled" } },
    { kind: "machine", id: machine_id, machine: { status: "operational" } },
  ]);
});

describe("when nothing has changed", () => {
  test("the answer is 304 without a body, after one trip and 5 rows at most", async () => {
    const cursor = await now();
    counted.take();
    const response = await ask(app, people.operator, cursor, "", { "if-none-match": `"${cursor}"` });
    const { trips, rowsRead, rowsWritten } = counted.take();
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", `"${cursor}"`]);
    expect({ trips, rowsWritten }).toEqual({ trips: 1, rowsWritten: 0 });
    expect(rowsRead).toBeLessThanOrEqual(5);
  });

  test("two hundred answers are less than 100 KB", async () => {
    const cursor = await now();
    const response = await ask(app, people.operator, cursor, "", { "if-none-match": `"${cursor}"` });
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    expect(200 * (head.length + (await response.text()).length)).toBeLessThan(100_000);
  });

  test("who does not say what they have gets an empty page", async () => {
    const cursor = await now();
    expect(await page(cursor)).toEqual({ changes: [], next_cursor: cursor, more: false });
  });
});

describe("a cursor that leads nowhere is refused", () => {
  const refused = async (cursor: string) => problemOf(await ask(app, people.operator, cursor), 400, "invalid_cursor");

  test("when it is none, or one of another list", async () => {
    for (const cursor of [
      "x",
      encodeCursor("tickets", [1]),
      encodeCursor("changes", ["1"]),
      encodeCursor("changes", [-1]),
    ])
      await refused(cursor);
  });

  test("when the database has been put back to before it", async () => {
    const [newest] = await queryAll<{ seq: number }>("SELECT MAX(seq) AS seq FROM document_changes");
    await refused(encodeCursor("changes", [(newest?.seq ?? 0) + 1]));
  });

  test("when what came next is not kept any more; what is kept can be followed to its end", async () => {
    await execute(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${CHANGES_KEPT})
       INSERT INTO document_changes (machine_id) SELECT ${machine_id} FROM n`,
    );
    const ctx = createContext(env, realWorld, {});
    while (await forgetChanges(ctx));
    const [kept] = await queryAll<{ oldest: number; count: number }>(
      "SELECT MIN(seq) AS oldest, COUNT(*) AS count FROM document_changes",
    );
    expect(kept?.count).toBe(CHANGES_KEPT);
    const oldest = kept?.oldest ?? 0;
    await refused(encodeCursor("changes", [oldest - 2]));
    expect(await page(encodeCursor("changes", [oldest - 1]))).toMatchObject({
      more: true,
      changes: [{ id: machine_id }],
    });
  });
});
