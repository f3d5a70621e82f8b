import { beforeAll, beforeEach, expect, test } from "vitest";
import { machine, type Person, person } from "../helpers.ts";
import { openDesk } from "../tickets/desk.ts";
import { figures } from "./ask.ts";

// Histories that arrive late: made offline, with a time of their own.

const desk = openDesk();
const { clock } = desk;
const HOUR = 3600;
const down = { is_machine_down: true };
let admin: Person;
let machine_id: number;

beforeAll(async () => {
  admin = await person("admin");
});
beforeEach(async () => {
  machine_id = await machine();
});

const made = async (at: string, fields: object = {}) => {
  clock.set(at);
  return (await desk.create(admin, { machine_id, ...fields })).id;
};
const between = (from: string, to: string) => figures(desk, admin, { from, to, machine_id });

test("what was done without a network counts by when it was done, not by when that arrived", async () => {
  const day = "2026-05-12T";
  const done = [];
  for (const status of ["completed", "cancelled"]) {
    const id = await made(`${day}12:00:00.000Z`, down);
    clock.set(`${day}16:00:00.000Z`);
    const changes = [
      { status: "diagnostic", occurred_at: `${day}13:00:00Z` },
      { status, occurred_at: `${day}14:00:00Z` },
    ];
    for (const change of changes) await desk.change(admin, id, change);
    done.push(id);
    expect((await between(`${day}04:00:00Z`, "2026-05-13T04:00:00Z")).downtime).toMatchObject([
      { downtime_seconds: 2 * HOUR, failures: done.length },
    ]);
  }
  expect(await between(`${day}04:00:00Z`, "2026-05-13T04:00:00Z")).toMatchObject({
    time_to_acknowledge: { count: 2, median_seconds: HOUR },
    time_to_complete: { count: 1, median_seconds: 2 * HOUR },
    mttr_seconds: 2 * HOUR,
  });
});

test("what was done to a ticket before it arrived took no time", async () => {
  const day = "2026-05-14T";
  const id = await made(`${day}12:00:00.000Z`, { ...down, reported_at: `${day}08:00:00Z` });
  await desk.change(admin, id, { status: "diagnostic", occurred_at: `${day}09:00:00Z` });
  await desk.change(admin, id, { status: "completed", occurred_at: `${day}10:00:00Z` });
  clock.set(`${day}16:00:00.000Z`);
  const stats = await between(`${day}04:00:00Z`, "2026-05-15T04:00:00Z");
  expect(stats).toMatchObject({
    per_day: [{ created: 1, completed: 1 }],
    time_to_acknowledge: { count: 1, median_seconds: 0 },
    time_to_complete: { count: 1, median_seconds: 0 },
    mttr_seconds: 0,
  });
  expect(stats.downtime[0]).toMatchObject({ downtime_seconds: 0, failures: 1 });
});
