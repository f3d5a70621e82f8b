import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { execute, machine, type Person, person, queryAll } from "../helpers.ts";
import { openDesk } from "../tickets/desk.ts";

// What is billed is rows written, entries of indexes included. Keeping figures adds one at most to a change, and none to
// nearly all of them.

const counted = countedDatabase(env.DB);
const desk = openDesk("2026-11-01T15:00:00.000Z", { DB: counted.database });
const DAY = 24 * 60;
let admin: Person;

/** The rows that a request writes. */
async function writes(request: () => Promise<unknown>): Promise<number> {
  counted.take();
  await request();
  return counted.take().rowsWritten;
}

/**
 * Tickets of a machine of their own through all that can happen to them, days after they began: rows written by each
 * step.
 */
async function life(code: string, fields: object, keeps: boolean): Promise<Record<string, number>> {
  const machine_id = await machine(code);
  const written: Record<string, number> = {};
  const create = async (step: string) => {
    let id = 0;
    written[step] = await writes(async () => {
      ({ id } = await desk.create(admin, { machine_id, ...fields }));
    });
    return id;
  };
  const step = async (name: string, request: () => Promise<unknown>) => {
    written[name] = await writes(request);
  };
  const later = async () => {
    desk.clock.pass(12 * DAY);
    if (keeps) for (let run = 0; run < 20; run++) await desk.cron();
    expect(await queryAll("SELECT 1 FROM stats_days WHERE is_stale = 1")).toEqual([]);
  };
  const [one, other, third] = [await create("create"), await create("create another"), await create("create a third")];
  await later();
  await step("acknowledge", () => desk.acknowledge(admin, one));
  await step("acknowledge another of the same day", () => desk.acknowledge(admin, other));
  await step("start", () => desk.change(admin, one, { status: "in_progress" }));
  await step("complete", () => desk.change(admin, one, { status: "completed" }));
  await step("cancel", () => desk.change(admin, other, { status: "cancelled" }));
  await later();
  await step("reopen", () => desk.change(admin, one, { status: "in_progress" }));
  await step("take up again", () => desk.change(admin, other, { status: "received" }));
  await step("say that it is down, or not", () =>
    desk.change(admin, one, { is_machine_down: !("is_machine_down" in fields) }),
  );
  await step("say it and start", () =>
    desk.change(admin, third, { is_machine_down: !("is_machine_down" in fields), status: "in_progress" }),
  );
  await step("delete", () => desk.remove(admin, one));
  return written;
}

beforeAll(async () => {
  admin = await person("admin");
});

test("a change writes one row more at most, and a creation, a completion and nearly all else none", async () => {
  // The first row of a table that numbers its rows writes one more, to number them.
  await life("WW", { is_machine_down: true }, true);
  const kept = { plain: await life("AA", {}, true), down: await life("AB", { is_machine_down: true }, true) };
  const triggers = await queryAll<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'stats%'",
  );
  expect(triggers).toHaveLength(5);
  await execute(
    ...triggers.map(({ name }) => `DROP TRIGGER ${name}`),
    "DROP INDEX tickets_long_stops",
    "DELETE FROM stats_days",
  );
  const bare = { plain: await life("BA", {}, false), down: await life("BB", { is_machine_down: true }, false) };
  const added = (way: "plain" | "down") =>
    Object.fromEntries(
      Object.entries(kept[way])
        .map(([step, rows]) => [step, rows - (bare[way][step] ?? 0)] as const)
        .filter(([, rows]) => rows !== 0),
    );
  // Of several changes of one day only the first is marked.
  expect(added("plain")).toEqual({ acknowledge: 1, reopen: 1, "say that it is down, or not": 1 });
  // Stops that lasted into another third of a month, or were cancelled, stand in an index.
  expect(added("down")).toEqual({
    acknowledge: 1,
    complete: 1,
    cancel: 1,
    reopen: 1,
    "say that it is down, or not": 1,
    delete: 1,
  });
});
