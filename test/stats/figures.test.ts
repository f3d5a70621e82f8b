import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execute, machine, type Person, person } from "../helpers.ts";
import { postCsv, reported } from "../tickets/csv.ts";
import { openDesk } from "../tickets/desk.ts";
import { figures } from "./ask.ts";

// Each figure of docs/stats.md against histories made by hand. The shop's clocks are those of Toronto.

const desk = openDesk();
const { clock } = desk;
const HOUR = 3600;
const DAY = 24 * HOUR;
let admin: Person;
let machine_id: number;

beforeAll(async () => {
  admin = await person("admin");
});

test("an empty shop has figures too", async () => {
  clock.set("2026-11-20T15:00:00.000Z");
  const none = { count: 0, median_seconds: null, p90_seconds: null };
  expect(await figures(desk, admin, { from: "2026-11-19T05:00:00Z", to: "2026-11-21T05:00:00Z" })).toEqual({
    from: "2026-11-19T05:00:00.000Z",
    to: "2026-11-21T05:00:00.000Z",
    machine_id: null,
    open_by_status: { received: 0, diagnostic: 0, in_progress: 0, waiting_parts: 0 },
    open_by_priority: { low: 0, medium: 0, high: 0, critical: 0 },
    overdue: 0,
    per_day: [
      { day: "2026-11-19", created: 0, completed: 0 },
      { day: "2026-11-20", created: 0, completed: 0 },
    ],
    time_to_acknowledge: none,
    time_to_complete: none,
    downtime: [],
    mttr_seconds: null,
    mtbf_seconds: null,
  });
});

describe("of one machine", () => {
  beforeEach(async () => {
    machine_id = await machine();
  });

  /** A ticket that is made at an instant; later ones say what becomes of it. */
  const made = async (at: string, fields: object = {}) => {
    clock.set(at);
    return (await desk.create(admin, { machine_id, ...fields })).id;
  };
  const down = { is_machine_down: true };
  const moved = async (at: string, id: number, ...statuses: string[]) => {
    clock.set(at);
    for (const status of statuses) await desk.change(admin, id, { status });
  };
  const between = (from: string, to: string) => figures(desk, admin, { from, to, machine_id });
  /** Downtime and failures of the machine alone. */
  const stood = async (from: string, to: string) => {
    const { downtime } = await between(from, to);
    expect(downtime.length).toBeLessThan(2);
    return downtime[0] ? [downtime[0].downtime_seconds, downtime[0].failures] : null;
  };

  test("tickets are counted on the days of the shop's clocks, also where these are changed", async () => {
    // On 8 March the clocks go from 2 to 3 at night, on 1 November from 2 to 1.
    for (const at of ["2026-03-08T04:59:59.999Z", "2026-03-08T05:00:00.000Z", "2026-03-09T03:59:59.999Z"])
      await made(at);
    const last = await made("2026-03-09T04:00:00.000Z");
    await moved("2026-03-10T03:59:59.999Z", last, "in_progress", "completed");
    clock.set("2026-11-20T15:00:00.000Z");
    expect((await between("2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z")).per_day).toEqual([
      { day: "2026-03-07", created: 1, completed: 0 },
      { day: "2026-03-08", created: 2, completed: 0 },
      { day: "2026-03-09", created: 1, completed: 1 },
    ]);
    for (const at of ["2026-11-01T04:00:00.000Z", "2026-11-02T04:59:59.999Z", "2026-11-02T05:00:00.000Z"])
      await made(at);
    expect((await between("2026-11-01T04:00:00Z", "2026-11-03T05:00:00Z")).per_day).toEqual([
      { day: "2026-11-01", created: 2, completed: 0 },
      { day: "2026-11-02", created: 1, completed: 0 },
    ]);
  });

  test("an hour that the clocks skip or repeat changes no duration", async () => {
    const id = await made("2026-03-08T06:00:00.000Z", down);
    await moved("2026-03-08T08:00:00.000Z", id, "in_progress", "completed");
    const other = await made("2026-11-01T04:30:00.000Z", down);
    await moved("2026-11-01T07:30:00.000Z", other, "in_progress", "completed");
    expect(await stood("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")).toEqual([2 * HOUR, 1]);
    expect(await stood("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")).toEqual([3 * HOUR, 1]);
  });

  test("the period holds its first instant and not its last", async () => {
    for (const at of ["2026-05-01T09:59:59.999Z", "2026-05-01T10:00:00.000Z", "2026-05-01T10:59:59.999Z"])
      await made(at);
    await made("2026-05-01T11:00:00.000Z");
    const { per_day } = await between("2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z");
    expect(per_day).toEqual([{ day: "2026-05-01", created: 2, completed: 0 }]);
  });

  test("acknowledging and completing: median and ninth decile by nearest rank", async () => {
    const day = "2026-05-04T";
    const ids = [];
    for (let i = 0; i < 10; i++) ids.push(await made(`${day}12:00:00.000Z`));
    for (const [index, id] of ids.entries()) {
      clock.set(`${day}12:${10 + index}:00.500Z`);
      await desk.acknowledge(admin, id);
    }
    for (const [index, id] of ids.slice(0, 3).entries())
      await moved(`${day}1${3 + index}:00:00.000Z`, id, "in_progress", "completed");
    const { time_to_acknowledge, time_to_complete, mttr_seconds } = await between(`${day}12:00:00Z`, `${day}23:00:00Z`);
    expect(time_to_acknowledge).toEqual({ count: 10, median_seconds: 14 * 60 + 0.5, p90_seconds: 18 * 60 + 0.5 });
    expect(time_to_complete).toEqual({ count: 3, median_seconds: 2 * HOUR, p90_seconds: 3 * HOUR });
    expect(mttr_seconds).toBeNull();
    // By when they were made, not by when that was.
    expect((await between(`${day}12:10:00Z`, `${day}23:00:00Z`)).time_to_acknowledge.count).toBe(0);
  });

  test("a reopened ticket counts by its last completion, and not as completed before that", async () => {
    const id = await made("2026-05-05T12:00:00.000Z", down);
    await moved("2026-05-05T14:00:00.000Z", id, "in_progress", "completed");
    await moved("2026-05-06T12:00:00.000Z", id, "in_progress");
    const [from, to] = ["2026-05-05T04:00:00Z", "2026-05-08T04:00:00Z"] as const;
    expect(await between(from, to)).toMatchObject({ time_to_complete: { count: 0 }, mttr_seconds: null });
    await moved("2026-05-07T12:00:00.000Z", id, "completed");
    const stats = await between(from, to);
    expect(stats.per_day.map(({ completed }) => completed)).toEqual([0, 0, 1]);
    expect(stats).toMatchObject({
      time_to_complete: { count: 1, median_seconds: 2 * DAY },
      mttr_seconds: 2 * DAY,
      downtime: [{ failures: 1, downtime_seconds: 2 * DAY }],
    });
  });

  test("overlapping stops of a machine count once, however they lie; each report is a failure", async () => {
    const [a, b] = [await made("2026-05-11T12:00:00.000Z", down), await made("2026-05-11T13:00:00.000Z", down)];
    await moved("2026-05-11T14:00:00.000Z", a, "in_progress", "completed");
    const c = await made("2026-05-11T14:30:00.000Z", down);
    await moved("2026-05-11T15:00:00.000Z", c, "in_progress", "completed");
    await moved("2026-05-11T16:00:00.000Z", b, "in_progress", "completed");
    const d = await made("2026-05-11T18:00:00.000Z", down);
    await moved("2026-05-11T19:00:00.000Z", d, "in_progress", "completed");
    clock.set("2026-05-13T12:00:00.000Z");
    const stats = await between("2026-05-11T04:00:00Z", "2026-05-12T04:00:00Z");
    expect(stats.downtime).toMatchObject([{ failures: 4, downtime_seconds: 5 * HOUR }]);
    expect(stats).toMatchObject({ mttr_seconds: (2 + 3 + 0.5 + 1) * (HOUR / 4), mtbf_seconds: ((24 - 5) * HOUR) / 4 });
  });

  test("a stop that began before the period counts from its first instant, and is no failure of it", async () => {
    const id = await made("2026-02-01T12:00:00.000Z", down);
    await moved("2026-05-13T12:00:00.000Z", id, "in_progress", "completed");
    expect(await stood("2026-05-13T04:00:00Z", "2026-05-14T04:00:00Z")).toEqual([8 * HOUR, 0]);
    expect(await stood("2026-04-13T04:00:00Z", "2026-04-14T04:00:00Z")).toEqual([DAY, 0]);
    expect(await stood("2026-05-14T04:00:00Z", "2026-05-15T04:00:00Z")).toBeNull();
    expect((await between("2026-05-13T04:00:00Z", "2026-05-14T04:00:00Z")).mtbf_seconds).toBeNull();
  });

  test("downtime never counts beyond now, whatever the period says", async () => {
    await made("2026-05-20T12:00:00.000Z", down);
    clock.set("2026-05-20T12:07:00.000Z");
    const stats = await between("2026-05-20T04:00:00Z", "2027-05-01T04:00:00Z");
    expect(stats.downtime).toMatchObject([{ failures: 1, downtime_seconds: 7 * 60 }]);
    expect(stats.mtbf_seconds).toBe(8 * HOUR);
    expect(stats.per_day).toHaveLength(346);
    expect(await stood("2026-06-01T04:00:00Z", "2027-05-01T04:00:00Z")).toBeNull();
    expect((await between("2026-06-01T04:00:00Z", "2027-05-01T04:00:00Z")).mtbf_seconds).toBeNull();
  });

  test("a cancelled stop lasted until it was cancelled, however much is written there afterwards", async () => {
    const id = await made("2026-06-01T12:00:00.000Z", down);
    await moved("2026-06-01T13:00:00.000Z", id, "cancelled");
    await moved("2026-06-01T14:00:00.000Z", id, "received");
    await moved("2026-06-01T15:00:00.000Z", id, "cancelled");
    clock.set("2026-06-03T12:00:00.000Z");
    await desk.comment(admin, id, "It was the fuse.");
    await moved("2026-06-03T13:00:00.000Z", id, "archived");
    const stats = await between("2026-06-01T04:00:00Z", "2026-06-04T04:00:00Z");
    expect(stats.downtime).toMatchObject([{ failures: 1, downtime_seconds: 3 * HOUR }]);
    expect(stats).toMatchObject({ mttr_seconds: null, time_to_complete: { count: 0 } });
  });

  test("a deleted ticket counts nowhere; one that says down no longer stopped nothing", async () => {
    const id = await made("2026-06-08T12:00:00.000Z", down);
    const other = await made("2026-06-08T12:00:00.000Z", down);
    await moved("2026-06-08T14:00:00.000Z", id, "in_progress", "completed");
    await desk.remove(admin, id);
    await desk.change(admin, other, { is_machine_down: false });
    const stats = await between("2026-06-08T04:00:00Z", "2026-06-09T04:00:00Z");
    expect(stats).toMatchObject({
      per_day: [{ day: "2026-06-08", created: 1, completed: 0 }],
      time_to_acknowledge: { count: 0 },
      time_to_complete: { count: 0 },
      downtime: [],
      mttr_seconds: null,
      mtbf_seconds: null,
      open_by_status: { received: 1 },
    });
  });

  test("a retired machine neither stands nor runs", async () => {
    await made("2026-06-15T12:00:00.000Z", down);
    clock.set("2026-06-15T14:00:00.000Z");
    await desk.app.request(`/api/machines/${machine_id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${admin.token}` },
    });
    clock.set("2026-06-20T12:00:00.000Z");
    const stats = await between("2026-06-15T04:00:00Z", "2026-06-20T04:00:00Z");
    expect(stats.downtime).toMatchObject([{ failures: 1, downtime_seconds: 2 * HOUR }]);
    expect(stats.mtbf_seconds).toBe(8 * HOUR);
  });

  test("a history that is taken over counts when it happened; where no end is known there is none", async () => {
    clock.set("2026-06-22T12:00:00.000Z");
    const lines = [
      "Old,completed,yes,2019-07-01 10:00,2019-07-01 12:00",
      "Cancelled,cancelled,yes,2019-07-02 10:00,",
      "Archived,archived,yes,2019-07-02 11:00,2019-07-02 11:30",
    ].map((line) => `${line},${machine_id}`);
    const file = ["title,status,is_machine_down,created_at,completed_at,machine_id", ...lines].join("\n");
    expect(await reported(await postCsv(desk.app, admin, file))).toMatchObject({ imported: 3 });
    const stats = await between("2019-07-01T04:00:00Z", "2019-07-03T04:00:00Z");
    expect(stats.per_day).toEqual([
      { day: "2019-07-01", created: 1, completed: 1 },
      { day: "2019-07-02", created: 2, completed: 1 },
    ]);
    expect(stats.downtime).toMatchObject([{ failures: 3, downtime_seconds: 2.5 * HOUR }]);
    // In use since its first ticket, at 10 on the first of the two days.
    expect(stats.mtbf_seconds).toBe(((14 + 24 - 2.5) * HOUR) / 3);
  });

  test("what is open and overdue is so now, whatever the period", async () => {
    await made("2026-07-01T12:00:00.000Z", { priority: "high", scheduled_date: "2026-07-02T12:00:00Z" });
    const id = await made("2026-07-01T12:00:00.000Z", { scheduled_date: "2026-07-03T12:00:00Z" });
    await moved("2026-07-02T12:00:00.000Z", id, "diagnostic");
    const past = ["2026-01-01T05:00:00Z", "2026-01-02T05:00:00Z"] as const;
    expect(await between(...past)).toMatchObject({
      open_by_status: { received: 1, diagnostic: 1 },
      open_by_priority: { high: 1, medium: 1 },
      overdue: 0,
    });
    clock.pass(1);
    expect((await between(...past)).overdue).toBe(1);
  });
});

test("more than 200 machines: the worst are listed, and all of them count", async () => {
  const COUNT = 230;
  const at = "2026-08-03T12:00:00.000Z";
  await execute(
    "UPDATE machines SET retired_at = '2026-08-01T00:00:00.000Z'",
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
     INSERT INTO machines (id, machine_type_id, name, qr_token, created_at, updated_at)
     SELECT 1000 + i, 1, 'Machine ' || i, printf('many%018d', i), '${at}', '${at}' FROM n`,
    // The first stands a minute, the second two, and so on.
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})
     INSERT INTO tickets (ticket_id, title, status, machine_id, machine_type_id, reported_by, reporter_name,
                          is_machine_down, reported_at, completed_at, created_at, updated_at)
     SELECT printf('CNC-0126-%06d', i), 'Stopped', 'completed', 1000 + i, 1, ${admin.id}, 'Tara', 1, '${at}',
            strftime('%Y-%m-%dT%H:%M:%fZ', '${at}', i || ' minutes'), '${at}', '${at}' FROM n`,
  );
  clock.set("2026-08-04T12:00:00.000Z");
  const { downtime, mttr_seconds, mtbf_seconds } = await figures(desk, admin, { from: at, to: "2026-08-04T12:00:00Z" });
  expect(downtime.map(({ downtime_seconds }) => downtime_seconds)).toEqual(
    Array.from({ length: 200 }, (_, index) => (COUNT - index) * 60),
  );
  expect(mttr_seconds).toBe(((COUNT + 1) / 2) * 60);
  expect(mtbf_seconds).toBe(DAY - ((COUNT + 1) / 2) * 60);
});

test("an operator and a technician see none", async () => {
  for (const role of ["operator", "technician"] as const) {
    expect((await desk.get(await person(role), "/api/stats")).status).toBe(403);
  }
});

test.each([
  "from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z",
  "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
  "from=2020-01-01T00:00:00Z&to=2025-01-01T00:00:00.001Z",
  "machine_id=0",
  "machine_id=1e3",
  "from=yesterday",
])("%s is refused", async (query) => {
  expect((await desk.get(admin, `/api/stats?${query}`)).status).toBe(400);
});
