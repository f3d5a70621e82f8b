import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person, queryAll } from "../helpers.ts";
import { crew, type Fields, openDesk, putInto } from "./desk.ts";
import { endpoint, mark, since } from "./outbox.ts";
import { OPEN, STATUSES } from "./stock.ts";

const DUE = "2026-11-20T16:00:00.000Z";
const desk = openDesk();
let people: Record<Role, Person>;
let secondSupervisor: Person;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  secondSupervisor = await person("supervisor");
  const gone = await person("supervisor");
  await execute(`UPDATE users SET active = 0 WHERE id = ${gone.id}`);
  machine_id = await machine();
});

beforeEach(async () => {
  await execute("UPDATE tickets SET deleted_at = '2026-01-01T00:00:00.000Z'");
  desk.clock.set("2026-11-20T15:00:00.000Z");
});

const schedule = (fields: Fields = {}) =>
  desk.create(people.supervisor, { machine_id, scheduled_date: DUE, assigned_to: people.technician.id, ...fields });

/** Who `runs` tell, by event. */
async function told(...runs: (() => Promise<unknown>)[]) {
  const before = await mark();
  for (const run of runs) await run();
  return (await since(before, "push")).map(({ target, event_type }) => `${target} ${event_type}`);
}
const supervisorsAnd = (...others: Person[]) =>
  [people.supervisor, secondSupervisor, ...others].map(({ id }) => `user:${id} ticket.overdue`).sort();

describe("a ticket past its date", () => {
  test("is told to its assignee and the active supervisors, once", async () => {
    const { id, version, updated_at } = await schedule();
    desk.clock.set("2026-11-20T16:00:00.000Z");
    expect(await told(desk.cron), "at the very instant").toEqual([]);
    desk.clock.set("2026-11-20T16:00:00.001Z");
    const before = await mark();
    expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd(people.technician));
    const jobs = await since(before, "push");
    for (const job of jobs) {
      expect(job.subject).toBe(`ticket:${id}/overdue:${DUE}`);
      expect(JSON.parse(job.payload)).toMatchObject({ type: "ticket.overdue", ticket: { id, scheduled_date: DUE } });
    }
    expect(desk.announced.slice(-3).sort()).toEqual(jobs.map((job) => job.id).sort());

    desk.clock.pass(60 * 24 * 30);
    expect(await told(desk.cron, desk.cron)).toEqual([]);
    expect(await desk.read(people.operator, id)).toMatchObject({ version, updated_at });
  });

  test("once by overlapping runs", async () => {
    await schedule();
    desk.clock.pass(61);
    expect((await told(() => Promise.all([desk.cron(), desk.cron(), desk.cron()]))).sort()).toEqual(
      supervisorsAnd(people.technician),
    );
  });

  test("to supervisors alone when nobody has it, and once to a supervisor who has it", async () => {
    await schedule({ assigned_to: null });
    desk.clock.pass(61);
    expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd());
    await schedule({ assigned_to: people.supervisor.id, scheduled_date: "2026-11-20T15:00:00Z" });
    expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd());
  });

  test("again for a new date, but not for one that was told before", async () => {
    const { id } = await schedule();
    desk.clock.pass(61);
    expect(await told(desk.cron)).toHaveLength(3);
    await desk.change(people.supervisor, id, { scheduled_date: "2026-11-20T18:00:00Z" });
    expect(await told(desk.cron)).toEqual([]);
    desk.clock.pass(120);
    expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd(people.technician));
    await desk.change(people.supervisor, id, { scheduled_date: null });
    expect(await told(desk.cron)).toEqual([]);
    await desk.change(people.supervisor, id, { scheduled_date: DUE });
    expect(await told(desk.cron, desk.cron)).toEqual([]);
  });

  test.each(STATUSES.map((status) => [status, OPEN.includes(status)] as const))(
    "that is %s: %s",
    async (status, tells) => {
      const { id } = await schedule();
      await putInto(id, status, status === "completed" ? DUE : null);
      desk.clock.pass(61);
      expect(await told(desk.cron)).toHaveLength(tells ? 3 : 0);
    },
  );

  test("not when it is deleted, but when it is reopened", async () => {
    const { id } = await schedule();
    const other = await schedule();
    await desk.remove(people.admin, id);
    for (const status of ["in_progress", "completed"]) await desk.change(people.technician, other.id, { status });
    desk.clock.pass(61);
    expect(await told(desk.cron)).toEqual([]);
    await desk.change(people.technician, other.id, { status: "in_progress" });
    expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd(people.technician));
  });
});

test.each([
  ["2026-11-20T10:30:00-05:00", "2026-11-20T15:30:00.000Z"],
  ["2026-11-21T00:30:00+09:00", "2026-11-20T15:30:00.000Z"],
  ["2026-11-20T21:15:00.5+05:45", "2026-11-20T15:30:00.500Z"],
])("dates are compared as instants: %s", async (scheduled_date, instant) => {
  const ticket = await schedule({ scheduled_date });
  expect(ticket.scheduled_date).toBe(instant);
  desk.clock.set(instant);
  expect(await told(desk.cron)).toEqual([]);
  desk.clock.pass(1 / 60);
  expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd(people.technician));
});

test("more than one run can deal with is told over the next runs, each ticket once", async () => {
  const rows = Array.from({ length: 230 }, (_, n) => ({
    number: `OLD-0125-${String(n).padStart(4, "0")}`,
    minute: n % 7,
  }));
  await execute(
    `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, reported_at, created_at, updated_at, scheduled_date)
     SELECT value ->> 'number', 'Old', ${machine_id}, 1, ${people.operator.id}, 'Somebody', '${DUE}', '${DUE}', '${DUE}',
            '2026-01-01T00:0' || (value ->> 'minute') || ':00.000Z'
     FROM json_each('${JSON.stringify(rows)}')`,
  );
  const before = await mark();
  const counts: number[] = [];
  for (let run = 0; run < 4; run++) counts.push((await told(desk.cron)).length);
  expect(counts).toEqual([200, 200, 60, 0]);
  expect(
    await queryAll("SELECT COUNT(DISTINCT subject) AS subjects, COUNT(*) AS jobs FROM deliveries WHERE id > ?", before),
  ).toEqual([{ subjects: 230, jobs: 460 }]);
});

test("a run that fails in the middle tells nobody, the next one everybody", async () => {
  await schedule();
  desk.clock.pass(61);
  await execute(
    "CREATE TRIGGER stuck BEFORE UPDATE OF overdue_notified_for ON tickets BEGIN SELECT RAISE(ABORT, 'stuck'); END",
  );
  expect(await told(() => desk.cron().catch(() => {}))).toEqual([]);
  await execute("DROP TRIGGER stuck");
  expect((await told(desk.cron)).sort()).toEqual(supervisorsAnd(people.technician));
});

test("no webhook is told of it", async () => {
  await endpoint(["ticket.updated", "notification.fallback"]);
  await schedule();
  const before = await mark();
  desk.clock.pass(61);
  await desk.cron();
  expect(await since(before, "webhook")).toEqual([]);
});
