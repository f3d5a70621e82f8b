import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { machine, type Person, person, queryAll } from "../helpers.ts";
import { openDesk } from "../tickets/desk.ts";
import { figures } from "./ask.ts";
import { year } from "./year.ts";

// 100,000 tickets a year, of twenty machines. Counting them all reads 680,000 rows.

const NOW = "2026-11-20T15:00:00.000Z";
const YEAR = { from: "2025-11-20T15:00:00.000Z", to: NOW };
const { database, take } = countedDatabase(env.DB);
const desk = openDesk(NOW, { DB: database });
let admin: Person;

/** The figures, and the rows that were read for them. */
async function ask(query: Record<string, string | number>) {
  take();
  const stats = await figures(desk, admin, query);
  return { stats, rows: take().rowsRead };
}

/** Lets the cron run until every day is kept; gives the most rows that one run has read. */
async function keepAll(): Promise<number> {
  let most = 0;
  for (let stale = 1; stale > 0; ) {
    take();
    await desk.cron();
    most = Math.max(most, take().rowsRead);
    [{ stale }] = (await queryAll<{ stale: number }>("SELECT SUM(is_stale) AS stale FROM stats_days")) as [
      { stale: number },
    ];
  }
  return most;
}

describe("a shop of 100,000 tickets a year", () => {
  let counted: Awaited<ReturnType<typeof ask>>;

  beforeAll(async () => {
    admin = await person("admin");
    for (let i = 0; i < 20; i++) await machine("CNC", `Machine ${i}`);
    await year(100_000, 20, NOW);
    // Filing their words is another part of the cron run, with figures of its own.
    await env.DB.exec("INSERT INTO search_blocks (level, up_to) SELECT 2, MAX(id) FROM tickets");
    counted = await ask(YEAR);
    expect(await keepAll()).toBeLessThan(60_000);
  }, 120_000);

  test("the figures of a year read 20,000 rows, and are those that are counted from all tickets", async () => {
    const { stats, rows } = await ask(YEAR);
    expect(rows).toBeLessThan(20_000);
    expect(stats).toEqual(counted.stats);
    expect(stats.time_to_acknowledge.count).toBe(99_800);
  });

  test.each([
    ["a year of one machine", { ...YEAR, machine_id: 3 }, 20_000],
    ["thirty days", {}, 20_000],
    ["days long past", { from: "2026-01-10T10:00:00Z", to: "2026-01-20T10:00:00Z" }, 20_000],
    ["five years", { from: "2021-11-20T15:00:00Z", to: NOW }, 25_000],
  ])("%s", async (_, query, most) => {
    expect((await ask(query)).rows).toBeLessThan(most);
  });

  test("a change has the days that it concerns counted anew, and no others", async () => {
    const [old] = await queryAll<{ id: number }>("SELECT id FROM tickets WHERE created_at > '2026-03-01' LIMIT 1");
    await desk.remove(admin, old?.id ?? 0);
    const { stats, rows } = await ask(YEAR);
    expect(rows).toBeLessThan(30_000);
    expect(stats.time_to_complete.count).toBe(counted.stats.time_to_complete.count - 1);
    expect(await keepAll()).toBeLessThan(20_000);
    expect((await ask(YEAR)).rows).toBeLessThan(20_000);
  });
});
