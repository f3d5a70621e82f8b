import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createContext } from "../../src/context.ts";
import { keepDays } from "../../src/stats/kept-days.ts";
import { computeStats } from "../../src/stats/stats.ts";
import { realWorld } from "../../src/world.ts";
import { bindings } from "../helpers.ts";

const FILE = env.MIGRATIONS.findIndex(({ name }) => name.endsWith("_figures.sql"));
const NOW = "2025-03-31T12:00:00.000Z";
const PERIOD = { from: "2025-03-01T05:00:00.000Z", to: "2025-03-06T05:00:00.000Z" };
const HOUR = 3600;

const ctx = createContext(bindings({ DB: env.EMPTY_DB }), { ...realWorld, now: () => new Date(NOW) }, {});
const execute = (statements: string[]) => env.EMPTY_DB.batch(statements.map((sql) => env.EMPTY_DB.prepare(sql)));

let tickets = 0;

/** A ticket that says down, from one instant to another; or that is open still. */
const stop = (created: string, completed: string | null) => {
  const at = (instant: string) => `'2025-${instant}:00.000Z'`;
  return `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, status,
                               is_machine_down, reported_at, created_at, updated_at, completed_at)
          VALUES ('CNC-0325-${String(++tickets).padStart(4, "0")}', 'Stopped', 1, 1, 1, 'Tara',
                  '${completed ? "completed" : "received"}', 1, ${at(created)}, ${at(created)}, ${at(created)},
                  ${completed ? at(completed) : "NULL"})`;
};

test("under tickets that are there already the figures are right, before and after their days are kept", async () => {
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS.slice(0, FILE));
  const at = "2025-01-01T00:00:00.000Z";
  await execute([
    `INSERT INTO users (name, email, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', '${at}', '${at}')`,
    `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '${at}', '${at}')`,
    `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
     VALUES (1, 'Haas', 'q234567890123456789012', '${at}', '${at}')`,
    stop("01-20T12:00", "03-01T11:00"),
    stop("03-03T12:00", "03-03T16:00"),
    stop("03-03T14:00", "03-03T18:00"),
    stop("03-05T23:00", null),
  ]);
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS);
  const before = await computeStats(ctx, PERIOD);
  expect(before).toMatchObject({
    per_day: [
      { day: "2025-03-01", created: 0, completed: 1 },
      { day: "2025-03-02", created: 0, completed: 0 },
      { day: "2025-03-03", created: 2, completed: 2 },
      { day: "2025-03-04", created: 0, completed: 0 },
      { day: "2025-03-05", created: 1, completed: 0 },
    ],
    downtime: [{ machine_id: 1, machine_name: "Haas", failures: 3, downtime_seconds: (6 + 6 + 6) * HOUR }],
    time_to_complete: { count: 3, median_seconds: 4 * HOUR },
    mtbf_seconds: ((5 * 24 - 18) * HOUR) / 3,
  });
  const kept = "SELECT COUNT(*) AS n FROM stats_days WHERE is_stale = 0";
  for (let run = 0; run < 6; run++) await keepDays(ctx);
  expect(await env.EMPTY_DB.prepare(kept).first()).toEqual({ n: 68 });
  expect(await computeStats(ctx, PERIOD)).toEqual(before);
});
