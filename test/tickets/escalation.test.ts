import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person } from "../helpers.ts";
import { crew, type Fields, openDesk } from "./desk.ts";
import { endpoint, mark, since } from "./outbox.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let secondSupervisor: Person;
let machine_id: number;
let listener: string;

beforeAll(async () => {
  people = await crew();
  secondSupervisor = await person("supervisor");
  const gone = await person("supervisor");
  await execute(`UPDATE users SET active = 0 WHERE id = ${gone.id}`);
  machine_id = await machine();
  listener = await endpoint(["notification.fallback"]);
  await endpoint(["ticket.created"]);
  await endpoint(["notification.fallback"], false);
});

beforeEach(() => execute("UPDATE tickets SET deleted_at = '2026-01-01T00:00:00.000Z'"));

const report = (fields: Fields = {}) => desk.create(people.operator, { machine_id, priority: "critical", ...fields });

/** What the run of the cron trigger puts into the outbox. */
async function escalated(run: () => Promise<unknown> = desk.cron) {
  const before = await mark();
  await run();
  const rows = [...(await since(before, "push")), ...(await since(before, "webhook"))];
  return rows.map(({ target, event_type }) => `${target} ${event_type}`).sort();
}
const everybody = () =>
  [
    ...[people.supervisor, secondSupervisor].map(({ id }) => `user:${id} ticket.escalated`),
    `${listener} notification.fallback`,
  ].sort();

describe("a critical ticket that nobody has acknowledged", () => {
  test("goes to the active supervisors and the listening webhooks after ten minutes, once", async () => {
    const ticket = await report({ is_machine_down: true });
    const start = Date.parse(ticket.created_at);
    desk.clock.set(new Date(start + 10 * 60_000 - 1).toISOString());
    expect(await escalated()).toEqual([]);
    desk.clock.set(new Date(start + 10 * 60_000).toISOString());
    const before = await mark();
    expect(await escalated()).toEqual(everybody());

    const [job] = await since(before, "webhook");
    expect(job?.subject).toBe(`ticket:${ticket.id}/escalated`);
    expect(JSON.parse(job?.payload ?? "")).toMatchObject({
      type: "notification.fallback",
      timestamp: desk.clock.iso(),
      data: {
        ticket: { id: ticket.id, version: 1 },
        machine: { id: machine_id, status: "out_of_service" },
        event: "ticket.escalated",
        reason: "not_acknowledged",
      },
    });
    for (const push of await since(before, "push")) {
      expect(push.subject).toBe(`ticket:${ticket.id}/escalated`);
      expect(JSON.parse(push.payload)).toMatchObject({ type: "ticket.escalated", ticket: { id: ticket.id } });
    }
    desk.clock.pass(60 * 24);
    expect(await escalated()).toEqual([]);
    expect(await desk.read(people.operator, ticket.id)).toEqual({ ...ticket });
  });

  test("once by ten overlapping runs", async () => {
    await report();
    desk.clock.pass(10);
    expect(await escalated(() => Promise.all(Array.from({ length: 10 }, desk.cron)))).toEqual(everybody());
  });

  test("and not again when it is changed, completed and reopened", async () => {
    const { id } = await report();
    desk.clock.pass(10);
    expect(await escalated()).toEqual(everybody());
    await desk.change(people.supervisor, id, { priority: "low" });
    await desk.change(people.supervisor, id, { priority: "critical" });
    await desk.change(people.technician, id, { status: "cancelled" });
    await desk.change(people.technician, id, { status: "received" });
    desk.clock.pass(60);
    expect(await escalated()).toEqual([]);
  });

  test("also when it is assigned", async () => {
    await desk.create(people.supervisor, { machine_id, priority: "critical", assigned_to: people.technician.id });
    desk.clock.pass(10);
    expect(await escalated()).toEqual(everybody());
  });
});

describe("nobody is told of a ticket", () => {
  test.each<[string, Fields, (id: number) => Promise<unknown>]>([
    ["that was acknowledged", {}, (id) => desk.acknowledge(people.technician, id)],
    ["that was started", {}, (id) => desk.change(people.technician, id, { status: "in_progress" })],
    ["that is looked into", {}, (id) => desk.change(people.technician, id, { status: "diagnostic" })],
    ["that was cancelled", {}, (id) => desk.change(people.technician, id, { status: "cancelled" })],
    ["that was deleted", {}, (id) => desk.remove(people.admin, id)],
    ["that became less urgent", {}, (id) => desk.change(people.operator, id, { priority: "high" })],
    ["of high priority", { priority: "high" }, async () => {}],
    ["of medium priority", { priority: "medium" }, async () => {}],
    ["of low priority, machine down", { priority: "low", is_machine_down: true }, async () => {}],
  ])("%s", async (_, fields, act) => {
    const { id } = await report(fields);
    desk.clock.pass(9);
    await act(id);
    desk.clock.pass(30);
    expect(await escalated()).toEqual([]);
  });
});

test("the number of minutes is a setting", async () => {
  const patient = openDesk(desk.clock.iso(), { ESCALATE_AFTER_MINUTES: "45" });
  await report();
  patient.clock.pass(44);
  expect(await escalated(patient.cron)).toEqual([]);
  patient.clock.pass(1);
  expect(await escalated(patient.cron)).toEqual(everybody());
});

test("when it was reported elsewhere does not matter, when it came in does", async () => {
  await report({ reported_at: new Date(desk.clock.now().getTime() - 3_600_000).toISOString() });
  expect(await escalated()).toEqual([]);
  desk.clock.pass(10);
  expect(await escalated()).toEqual(everybody());
});

test("a run that fails in the middle tells nobody, the next one everybody", async () => {
  await report();
  desk.clock.pass(10);
  await execute(
    "CREATE TRIGGER stuck BEFORE UPDATE OF escalated_at ON tickets BEGIN SELECT RAISE(ABORT, 'stuck'); END",
  );
  expect(await escalated(() => desk.cron().catch(() => {}))).toEqual([]);
  await execute("DROP TRIGGER stuck");
  expect(await escalated()).toEqual(everybody());
});

test("an acknowledgement in the same moment: told at most once, never after it", async () => {
  for (let round = 0; round < 5; round++) {
    const { id } = await report();
    desk.clock.pass(10);
    const before = await escalated(() =>
      Promise.all([desk.cron(), desk.acknowledge(people.technician, id), desk.cron()]),
    );
    expect([[], everybody()]).toContainEqual(before.filter((line) => !line.includes("ticket.acknowledged")));
    expect(await escalated()).toEqual([]);
  }
});
