import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { crew, type Fields, openDesk, timelineOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const report = () => desk.create(people.supervisor, { machine_id });

/** Sends these changes at once; returns their answers' statuses and versions. */
async function allAtOnce(id: number, changes: Fields[], headers: Record<string, string> = {}) {
  const answers = await Promise.all(changes.map((change) => desk.patch(people.supervisor, id, change, headers)));
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { ticket?: { version: number } }[];
  return {
    statuses: answers.map(({ status }) => status),
    versions: bodies.flatMap(({ ticket }) => ticket?.version ?? []).sort((a, b) => a - b),
  };
}

const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

/** Every `updated` entry's old value of a field is the new value of the entry before. */
async function expectUnbroken(id: number, field: string, start: unknown, end: unknown) {
  const entries = (await timelineOf(id)).filter(({ action }) => action === "updated");
  const steps = entries.flatMap(({ old_value, new_value }) => {
    const [from, to] = [old_value, new_value].map((value) => JSON.parse(value ?? "{}") as Fields);
    return from && to && field in to ? [{ from: from[field], to: to[field] }] : [];
  });
  expect(steps.map(({ from }) => from)).toEqual([start, ...steps.slice(0, -1).map(({ to }) => to)]);
  expect(steps.at(-1)?.to).toEqual(end);
  return steps.length;
}

describe("without If-Match nobody is turned away", () => {
  test("100 people change the same title at once", { timeout: 60_000 }, async () => {
    const { id, title } = await report();
    const titles = Array.from({ length: 100 }, (_, n) => ({ title: `Reading ${n}` }));
    const { statuses, versions } = await allAtOnce(id, titles);
    expect(statuses).toEqual(Array(100).fill(200));
    expect(versions).toEqual(upTo(2, 101));
    const now = await desk.read(people.admin, id);
    expect(now.version).toBe(101);
    expect(await expectUnbroken(id, "title", title, now.title)).toBe(100);
    // The row holds the words of the last title and of the number, and no other.
    const rows = await queryAll<{ search_text: string }>("SELECT search_text FROM tickets WHERE id = ?", id);
    const words = [...now.title.toLowerCase().split(" "), now.ticket_id.split("-").at(-1)];
    expect(rows.map(({ search_text }) => new Set(search_text.trim().split(" ")))).toEqual([new Set(words)]);
  });

  test("60 people change every kind of field and comment at once", { timeout: 60_000 }, async () => {
    const { id } = await report();
    const kinds: ((n: number) => Fields)[] = [
      (n) => ({ title: `Reading ${n}` }),
      (n) => ({ description: `Details ${n}` }),
      (n) => ({ reporter_name: `Caller ${n}` }),
      (n) => ({ comment: `Comment ${n}` }),
      (n) => ({ assigned_to: n % 12 < 6 ? people.technician.id : people.admin.id, comment: `Yours ${n}` }),
      (n) => ({ is_machine_down: n % 12 < 6, comment: `Down ${n}` }),
    ];
    const changes = Array.from({ length: 60 }, (_, n) => kinds[n % 6]?.(n) ?? {});
    const { statuses, versions } = await allAtOnce(id, changes);
    expect(statuses).toEqual(Array(60).fill(200));
    expect(versions).toEqual(upTo(2, 61));
    const timeline = await timelineOf(id);
    const said = timeline.flatMap(({ comment }) => comment ?? []);
    expect(said.sort()).toEqual(changes.flatMap(({ comment }) => (comment as string | undefined) ?? []).sort());
    const now = await desk.read(people.admin, id);
    await expectUnbroken(id, "title", "Spindle vibrates", now.title);
    await expectUnbroken(id, "description", null, now.description);
    expect(timeline.filter(({ action }) => action === "updated").length).toBeGreaterThanOrEqual(30);
  });

  test("50 people assign it to one another at once", { timeout: 60_000 }, async () => {
    const { id } = await report();
    const technicians = await Promise.all(Array.from({ length: 10 }, () => person("technician")));
    const changes = Array.from({ length: 50 }, (_, n) => ({
      assigned_to: technicians[n % 10]?.id,
      comment: `Yours ${n}`,
    }));
    const { statuses, versions } = await allAtOnce(id, changes);
    expect(statuses).toEqual(Array(50).fill(200));
    expect(versions).toEqual(upTo(2, 51));
    const assignments = (await timelineOf(id)).filter(({ action }) => action === "assigned");
    expect(assignments.map(({ old_value }) => old_value)).toEqual([
      null,
      ...assignments.slice(0, -1).map(({ new_value }) => new_value),
    ]);
  });

  test("the same change sent by 30 people changes the ticket once", async () => {
    const { id } = await report();
    const { statuses, versions } = await allAtOnce(id, Array(30).fill({ priority: "critical" }));
    expect(statuses).toEqual(Array(30).fill(200));
    expect(versions).toEqual(Array(30).fill(2));
    expect((await timelineOf(id)).map(({ action }) => action)).toEqual(["created", "updated"]);
  });

  test("deleting is not overtaken by 20 who comment", async () => {
    const { id } = await report();
    const comments = Array.from({ length: 20 }, (_, n) => desk.comment(people.operator, id, `Comment ${n}`));
    const removed = desk.remove(people.admin, id);
    expect((await removed).status).toBe(204);
    for (const comment of await Promise.all(comments)) expect([201, 404]).toContain(comment.status);
  });
});

test("with If-Match exactly one of 50 wins", { timeout: 60_000 }, async () => {
  const { id } = await report();
  const changes = Array.from({ length: 50 }, (_, n) => ({ title: `Reading ${n}` }));
  const { statuses, versions } = await allAtOnce(id, changes, { "if-match": '"1"' });
  expect(statuses.sort()).toEqual([200, ...Array(49).fill(412)]);
  expect(versions).toEqual([2]);
  expect(await timelineOf(id)).toHaveLength(2);
});

test("a customer whom 50 people change at once turns nobody away", { timeout: 60_000 }, async () => {
  const path = "/api/customers";
  const created = await desk.app.request(path, send(people.supervisor, { name: "Acme" }));
  const { customer } = (await created.json()) as { customer: { id: number } };
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      desk.app.request(`${path}/${customer.id}`, send(people.supervisor, { notes: `Note ${n}` }, {}, "PATCH")),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect(await queryAll("SELECT version FROM customers WHERE id = ?", customer.id)).toEqual([{ version: 51 }]);
});

const counted = countedDatabase(env.DB);
const remote = startApp({}, bindings({ DB: counted.database }));

test.each<[string, path: string, method: string, body?: Fields]>([
  ["a change", "", "PATCH", { title: "Two" }],
  ["a start for somebody else", "", "PATCH", { status: "in_progress", assigned_to: 3, comment: "Go" }],
  ["an acknowledgement", "/acknowledge", "POST", {}],
  ["a comment", "/comments", "POST", { body: "Smoke" }],
  ["a deletion", "", "DELETE"],
])("%s is two trips to the database", async (_, path, method, body) => {
  const { id } = await report();
  await remote.request("/api/me", send(people.admin));
  counted.take();
  const response = await remote.request(`/api/tickets/${id}${path}`, send(people.admin, body, {}, method));
  expect(response.status).toBeLessThan(300);
  expect(counted.take().trips).toBe(2);
});
