import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createContext } from "../../src/context.ts";
import { keepDays } from "../../src/stats/kept-days.ts";
import { realWorld } from "../../src/world.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { execute, machine, type Person, person, queryAll } from "../helpers.ts";
import { postCsv } from "../tickets/csv.ts";
import { openDesk } from "../tickets/desk.ts";
import { interposed } from "../tickets/interposed.ts";
import { figures } from "./ask.ts";
import { slowly } from "./slowly.ts";

// What is kept of past days is never seen: only how much has to be read tells that it is there.

const ZONE = "America/Toronto";
const desk = openDesk("2026-11-02T15:00:00.000Z", { TIME_ZONE: ZONE });
const PERIOD = { from: "2026-10-28T04:00:00.000Z", to: "2026-11-14T05:00:00.000Z", machine_id: null };
const DAY = 24 * 60;
let admin: Person;
let machine_id: number;

const days = (condition = "is_stale = 0") =>
  queryAll<{ starts_at: string; ends_at: string }>(
    `SELECT starts_at, ends_at FROM stats_days WHERE ${condition} ORDER BY starts_at`,
  );
const marks = () => queryAll("SELECT first_day, last_day FROM stats_marks");
const ask = async (on = desk) => {
  const { from, to } = PERIOD;
  return figures(on, admin, { from, to });
};
/** The figures are those of the rows, under each zone. */
const holds = async (on = desk, zone = ZONE) => {
  expect(await ask(on)).toEqual(await slowly(PERIOD, on.clock.now(), zone));
};

beforeAll(async () => {
  admin = await person("admin");
  machine_id = await machine();
});

beforeEach(async () => {
  await execute(
    "DELETE FROM stats_days",
    "DELETE FROM ticket_timeline",
    "DELETE FROM idempotency_keys",
    "DELETE FROM machine_timeline",
    "DELETE FROM tickets",
    "DELETE FROM stats_marks",
  );
  desk.clock.set("2026-11-02T15:00:00.000Z");
});

/** A stop of three days from 2 November on, and the clock ten days later. */
async function history(): Promise<number> {
  const { id } = await desk.create(admin, { machine_id, is_machine_down: true });
  desk.clock.pass(3 * DAY);
  await desk.change(admin, id, { status: "in_progress" });
  await desk.change(admin, id, { status: "completed" });
  desk.clock.pass(7 * DAY);
  return id;
}

describe("the cron run", () => {
  test("keeps a day when it has been over for two days, from the day of the first ticket on", async () => {
    await desk.create(admin, { machine_id });
    desk.clock.set("2026-11-05T04:59:59.999Z");
    await desk.cron();
    expect(await days()).toEqual([]);
    desk.clock.pass(1);
    await desk.cron();
    const first = { starts_at: "2026-11-02T05:00:00.000Z", ends_at: "2026-11-03T05:00:00.000Z" };
    expect(await days()).toEqual([first]);
    desk.clock.pass(DAY);
    await desk.cron();
    expect(await days()).toEqual([
      first,
      { starts_at: "2026-11-03T05:00:00.000Z", ends_at: "2026-11-04T05:00:00.000Z" },
    ]);
  });

  test("goes back when older tickets are taken over", async () => {
    await history();
    await desk.cron();
    expect((await days())[0]?.starts_at).toBe("2026-11-02T05:00:00.000Z");
    const file = `title,status,created_at,machine_id\nOld one,completed,2026-10-31 10:00,${machine_id}`;
    expect((await postCsv(desk.app, admin, file)).status).toBe(200);
    await holds();
    await desk.cron();
    expect((await days())[0]).toEqual({ starts_at: "2026-10-31T04:00:00.000Z", ends_at: "2026-11-01T04:00:00.000Z" });
    await holds();
  });

  test("takes fifty statements at most, however much there is to do", async () => {
    const { database, take } = countedDatabase(env.DB);
    const counting = openDesk("2026-11-12T15:00:00.000Z", { TIME_ZONE: ZONE, DB: database });
    await history();
    const lines = Array.from({ length: 10 }, (_, index) => `Old one,completed,${2016 + index}-03-01,${machine_id}`);
    await postCsv(desk.app, admin, ["title,status,created_at,machine_id", ...lines].join("\n"));
    for (let run = 0; run < 3; run++) {
      await counting.cron();
      expect(take().statements).toBeLessThanOrEqual(50);
    }
    expect((await days("true")).length).toBeGreaterThan(1000);
  });

  test("reads next to nothing when there is nothing to do", async () => {
    await history();
    await desk.cron();
    const { database, take } = countedDatabase(env.DB);
    const context = createContext({ ...desk.environment, DB: database }, { ...realWorld, now: desk.clock.now }, {});
    await keepDays(context);
    const taken = take();
    expect(taken).toMatchObject({ trips: 1, rowsWritten: 0 });
    expect(taken.rowsRead).toBeLessThan(10);
  });

  test("may run any number of times at once", async () => {
    await history();
    await Promise.all([desk.cron(), desk.cron(), desk.cron()]);
    expect(await days()).toHaveLength(8);
    await holds();
  });

  test("counts a change that comes in between, or leaves it marked", async () => {
    const id = await history();
    await desk.cron();
    await execute("UPDATE stats_days SET is_stale = 1");
    const remove = () => desk.remove(admin, id);
    const { database } = countedDatabase(interposed(remove));
    await openDesk("2026-11-12T15:00:00.000Z", { TIME_ZONE: ZONE, DB: database }).cron();
    await holds();
    await desk.cron();
    expect(await marks()).toEqual([]);
    expect(await days("is_stale = 1")).toEqual([]);
    await holds();
  });

  test("that fails leaves all as it was, and the next one makes up for it", async () => {
    const id = await history();
    await desk.cron();
    await desk.change(admin, id, { status: "in_progress" });
    const marked = await marks();
    await execute(
      "CREATE TRIGGER fault BEFORE UPDATE OF machines ON stats_days BEGIN SELECT RAISE(ABORT, 'injected'); END",
    );
    await expect(desk.cron()).rejects.toThrow("injected");
    await execute("DROP TRIGGER fault");
    expect(await marks()).toEqual(marked);
    await holds();
    await desk.cron();
    expect(await marks()).toEqual([]);
    await holds();
  });
});

test("a day of more tickets than a row may hold is counted each time, and holds up no other", async () => {
  await history();
  await execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
     INSERT INTO tickets (ticket_id, title, status, machine_id, machine_type_id, reported_by, reporter_name,
                          reported_at, completed_at, created_at, updated_at)
     SELECT printf('CNC-0126-%06d', i), 'Taken over', 'completed', ${machine_id}, 1, ${admin.id}, 'Tara', at,
            strftime('%Y-%m-%dT%H:%M:%fZ', at, (61200 + i) || ' seconds'), at, at
     FROM (SELECT i, '2026-11-03T12:00:00.000Z' AS at FROM n)`,
  );
  for (let run = 0; run < 2; run++) await desk.cron();
  expect(await days("is_stale = 1")).toEqual([]);
  expect(await days("machines = 'null'")).toEqual([
    { starts_at: "2026-11-04T05:00:00.000Z", ends_at: "2026-11-05T05:00:00.000Z" },
  ]);
  expect(await ask()).toMatchObject({
    time_to_complete: { count: 60_001, median_seconds: 91_201 },
    downtime: [{ failures: 1, downtime_seconds: 3 * DAY * 60 }],
  });
});

describe("a change of what is kept is seen at once", () => {
  test.each<[string, (id: number) => Promise<unknown>]>([
    ["reopening", (id) => desk.change(admin, id, { status: "in_progress" })],
    ["deleting", (id) => desk.remove(admin, id)],
    ["saying that it was not down", (id) => desk.change(admin, id, { is_machine_down: false })],
    [
      "a row changed by hand",
      (id) => execute(`UPDATE tickets SET completed_at = '2026-11-03T09:00:00.000Z' WHERE id = ${id}`),
    ],
    [
      "a row removed by hand",
      (id) =>
        execute(
          `DELETE FROM ticket_timeline WHERE ticket_id = ${id}`,
          `UPDATE machine_timeline SET ticket_id = NULL`,
          `DELETE FROM tickets WHERE id = ${id}`,
        ),
    ],
    ["a machine retired by hand", () => execute("UPDATE machines SET retired_at = '2026-11-04T00:00:00.000Z'")],
    [
      "taking over older tickets",
      () =>
        postCsv(
          desk.app,
          admin,
          `title,status,is_machine_down,created_at,completed_at,machine_id\nOld,completed,yes,2026-11-03,2026-11-08,${machine_id}`,
        ),
    ],
  ])("%s", async (_, change) => {
    const id = await history();
    await desk.cron();
    expect(await days()).toHaveLength(8);
    const before = await ask();
    await change(id);
    expect(await ask()).not.toEqual(before);
    await holds();
    await desk.cron();
    expect(await marks()).toEqual([]);
    await holds();
    await execute("UPDATE machines SET retired_at = NULL");
  });

  test("an acknowledgement after days", async () => {
    const { id } = await desk.create(admin, { machine_id });
    desk.clock.pass(9 * DAY);
    await desk.cron();
    await desk.acknowledge(admin, id);
    expect(await marks()).toEqual([{ first_day: "2026-11-02", last_day: "2026-11-02" }]);
    expect((await ask()).time_to_acknowledge).toMatchObject({ count: 1, median_seconds: 9 * DAY * 60 });
    await desk.cron();
    expect((await ask()).time_to_acknowledge).toMatchObject({ count: 1, median_seconds: 9 * DAY * 60 });
  });
});

test("the days follow the shop's time zone at once, and are kept anew", async () => {
  await history();
  desk.clock.set("2026-11-02T04:30:00.000Z");
  await desk.create(admin, { machine_id });
  desk.clock.set("2026-11-12T15:00:00.000Z");
  await desk.cron();
  for (const zone of ["Pacific/Auckland", "America/New_York", ZONE]) {
    const moved = openDesk("2026-11-12T15:00:00.000Z", { TIME_ZONE: zone });
    await holds(moved, zone);
    await moved.cron();
    await holds(moved, zone);
    expect(await queryAll("SELECT DISTINCT time_zone FROM stats_days")).toEqual([{ time_zone: zone }]);
    expect((await days()).length).toBeGreaterThan(7);
  }
});
