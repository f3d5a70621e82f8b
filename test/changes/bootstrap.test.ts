import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { BootstrapOutput } from "../../src/changes/schemas.ts";
import { readEnv } from "../../src/env.ts";
import { can, PERMISSIONS, type Permission, type Role } from "../../src/vocabulary/roles.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { execute, machine, ORIGIN, type Person, person, send } from "../helpers.ts";
import { crew, openDesk, problemOf } from "../tickets/desk.ts";
import { Follower } from "./follower.ts";

const counted = countedDatabase(env.DB);
const desk = openDesk("2026-11-20T15:00:00.000Z", { DB: counted.database });
const { app } = desk;
let people: Record<Role, Person>;
let [mill, lathe, other] = [0, 0, 0];

beforeAll(async () => {
  people = await crew();
  [mill, lathe, other] = [await machine("CNC", "Mill"), await machine("CNC", "Lathe"), await machine("LSR", "Laser")];
});

const start = async (by: Person) => {
  const response = await app.request("/api/me/bootstrap", send(by));
  expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
  return BootstrapOutput.strict().parse(await response.json());
};
const shown = async <T>(path: string) => (await (await desk.get(people.technician, path)).json()) as T;
const report = (by: Person, fields: object = {}) => desk.create(by, { machine_id: mill, ...fields });

test("all that there is to begin with comes in one trip, as the other routes show it", async () => {
  const first = await report(people.supervisor, { assigned_to: people.technician.id });
  const stopped = await report(people.supervisor, { assigned_to: people.technician.id, is_machine_down: true });
  await report(people.operator, { title: "Nobody has this" });
  const mine = await report(people.technician, { title: "Coolant leaks" });
  await desk.change(people.supervisor, mine.id, { status: "cancelled" });
  counted.take();
  const begun = await start(people.technician);
  expect(counted.take()).toMatchObject({ trips: 1, rowsWritten: 0 });

  expect(begun.user).toEqual((await shown<{ user: object }>("/api/me")).user);
  const ticket = async (id: number) => (await shown<{ ticket: object }>(`/api/tickets/${id}`)).ticket;
  expect(begun.queue).toEqual([await ticket(stopped.id), await ticket(first.id)]);
  expect(begun.reported).toEqual([await ticket(mine.id)]);
  expect(begun.unassigned).toEqual({ count: 1 });
  const { machines } = await shown<{ machines: object[] }>("/api/machines");
  expect(begun.machines.map(({ frequent_titles: _, ...one }) => one)).toEqual(machines);
  expect(begun.people).toEqual((await shown<{ users: object[] }>("/api/users/assignable")).users);
  expect(begun.settings).toEqual({
    time_zone: readEnv(env).TIME_ZONE,
    locale: readEnv(env).DEFAULT_LOCALE,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    public_origin: ORIGIN,
    escalate_after_minutes: 10,
    vapid_public_key: readEnv(env).VAPID_PUBLIC_KEY,
  });
});

test("whoever has begun goes on from the cursor, and misses nothing", async () => {
  const { id } = await report(people.supervisor, { assigned_to: people.technician.id });
  const begun = await start(people.technician);
  const byId = <T extends { id: number }>(list: T[]) => new Map(list.map((one) => [one.id, one]));
  const follower = new Follower(app, people.technician, {
    tickets: byId(begun.queue),
    machines: new Map(),
    people: byId(begun.people),
  });
  follower.cursor = begun.cursor;
  expect(await follower.poll()).toBe(false);
  await desk.comment(people.operator, id, "Still loud");
  await follower.catchUp();
  expect(follower.tickets.get(id)?.timeline.map(({ action }) => action)).toEqual(["created", "commented"]);
});

test("a machine is offered with what it is mostly reported with, then with that of its type, five titles at most", async () => {
  await execute("UPDATE tickets SET deleted_at = 'x'");
  const reportAll = async (machine_id: number, titles: string[]) => {
    for (const title of titles) {
      desk.clock.pass(1);
      await report(people.operator, { title, machine_id });
    }
  };
  await reportAll(mill, ["Chuck slips", "Spindle vibrates", "spindle vibrates", "Oil leaks"]);
  await reportAll(lathe, [
    "Tailstock is loose",
    "Tailstock is loose",
    "Door hangs",
    "Oil leaks",
    "Light is out",
    "Fan is loud",
  ]);
  const titles = new Map((await start(people.operator)).machines.map((one) => [one.id, one.frequent_titles]));
  expect(titles.get(mill)).toEqual([
    "spindle vibrates",
    "Oil leaks",
    "Chuck slips",
    "Tailstock is loose",
    "Fan is loud",
  ]);
  expect(titles.get(lathe)).toHaveLength(5);
  expect(titles.get(lathe)?.[0]).toBe("Tailstock is loose");
  expect(titles.get(other)).toEqual([]);
});

test("the key to seal by is 32 bytes, always the same for one person, and no other person's", async () => {
  const keys = await Promise.all([people.operator, people.operator, people.technician].map(start));
  const [one, again, another] = keys.map(({ sealing_key }) => sealing_key);
  expect(Buffer.from(one ?? "", "base64url")).toHaveLength(32);
  expect([again === one, another === one]).toEqual([true, false]);
});

test("each role is told what it may", async () => {
  for (const [role, one] of Object.entries(people) as [Role, Person][]) {
    const may = (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => can(role, permission));
    expect((await start(one)).permissions.toSorted()).toEqual(may.sort());
  }
});

test("an API key, which lies on no phone, gets nothing", async () => {
  const made = await app.request("/api/api-keys", send(people.admin, { name: "ERP", user_id: people.admin.id }));
  const { api_key } = (await made.json()) as { api_key: { key: string } };
  const response = await app.request("/api/me/bootstrap", { headers: { "x-api-key": api_key.key } });
  await problemOf(response, 403, "person_required");
});

test("of much work there is a first page, of much that was reported the newest", async () => {
  const worker = await person("technician");
  await execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
     INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, assigned_to, reported_at, created_at, updated_at)
     SELECT printf('CNC-0126-%04d', i), 'Title', ${mill}, 1, ${worker.id}, 'Somebody', ${worker.id}, at, at, at
     FROM (SELECT i, printf('2026-01-01T00:%02d:%02d.000Z', i / 60, i % 60) AS at FROM n)`,
  );
  const { queue, reported } = await start(worker);
  expect([queue.length, queue[0]?.ticket_id]).toEqual([100, "CNC-0126-0001"]);
  expect([reported.length, reported[0]?.ticket_id]).toEqual([20, "CNC-0126-0120"]);
});
