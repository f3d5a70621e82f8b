import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { createContext } from "../src/context.ts";
import worker from "../src/index.ts";
import { purgeExpired } from "../src/retention.ts";
import { realWorld } from "../src/world.ts";
import { unsigned } from "./auth/credentials.ts";
import { countedDatabase } from "./deliveries/counted-database.ts";
import { NIGHTLY, stage } from "./deliveries/stage.ts";
import { execute, machine, type Person, person, queryAll, rowCounts, startApp } from "./helpers.ts";
import { postTicket } from "./tickets/api.ts";

const NOW = new Date("2026-11-20T15:00:00.000Z");
let technician: Person;

beforeEach(async () => {
  technician = await person("technician");
  await execute("DELETE FROM idempotency_keys", `DELETE FROM sessions WHERE user_id <> ${technician.id}`);
});

const addKeys = (...rows: [key: string, created_at: string][]) =>
  execute(
    ...rows.map(
      ([key, created_at]) =>
        `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
         VALUES (${technician.id}, 'POST /api/tickets', '${key}', 'hash', 201, '{}', '{}', '${created_at}')`,
    ),
  );
const addSessions = (...rows: [token: string, expires_at: string][]) =>
  execute(
    ...rows.map(
      ([token, expires_at]) =>
        `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
         VALUES (${technician.id}, '${token}', '${expires_at}', '', '')`,
    ),
  );
const keys = async () =>
  (await queryAll<{ key: string }>("SELECT key FROM idempotency_keys ORDER BY key")).map((row) => row.key);

test("idempotency keys are kept for 31 days to the millisecond", async () => {
  await addKeys(
    ["d", "2020-01-01T00:00:00.000Z"],
    ["a", "2026-10-20T14:59:59.999Z"],
    ["b", "2026-10-20T15:00:00.000Z"],
    ["c", "2026-11-20T15:00:00.000Z"],
  );
  await purgeExpired(createContext(env, { ...realWorld, now: () => NOW }, {}));
  expect(await keys()).toEqual(["b", "c"]);
});

test("sessions are removed once they have expired, and no others", async () => {
  await addSessions(["gone", "2026-11-20T14:59:59.999Z"], ["here", "2026-11-20T15:00:00.001Z"]);
  await purgeExpired(createContext(env, { ...realWorld, now: () => NOW }, {}));
  const tokens = await queryAll<{ token: string }>("SELECT token FROM sessions ORDER BY id");
  expect(tokens.map((row) => row.token)).toEqual([unsigned(technician.token), "here"]);
});

test("nothing else is touched, the timeline least of all", async () => {
  const machine_id = await machine("CNC");
  const app = startApp({ now: () => new Date("2020-01-01T00:00:00.000Z") });
  const response = await postTicket(
    app,
    technician,
    { title: "Six years old", machine_id },
    { "idempotency-key": "old" },
  );
  expect(response.status).toBe(201);
  const before = await rowCounts();
  await purgeExpired(createContext(env, { ...realWorld, now: () => NOW }, {}));
  expect(await rowCounts()).toEqual({ ...before, idempotency_keys: 0 });
});

test("a purge takes a limited number of rows at a time and finishes in several runs", async () => {
  const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3600)`;
  await execute(
    `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
     ${rows} SELECT ${technician.id}, 'r', 'k' || i, 'h', 201, '{}', '{}', '2020-01-01T00:00:00.000Z' FROM n`,
    `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
     ${rows} SELECT ${technician.id}, 't' || i, '2020-01-01T00:00:00.000Z', '', '' FROM n`,
  );
  const left: (number | undefined)[][] = [];
  for (const _ of [1, 2, 3]) {
    await purgeExpired(createContext(env, { ...realWorld, now: () => NOW }, {}));
    const counts = await rowCounts();
    left.push([counts.idempotency_keys, counts.sessions]);
  }
  expect(left).toEqual([
    [2100, 2101],
    [600, 601],
    [0, 1],
  ]);
});

test("a night with more to remove than it can stays within fifty statements", async () => {
  const rows = (n: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
  const past = "'2020-01-01T00:00:00.000Z'";
  await execute(
    `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
     ${rows(10_000)} SELECT ${technician.id}, 'r', 'k' || i, 'h', 201, '{}', '{}', ${past} FROM n`,
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, created_at, updated_at, completed_at)
     ${rows(6000)} SELECT 'push', 'user:1', 'ticket:' || i, 'ticket.assigned', '{}', 'completed', ${past}, ${past}, ${past}
     FROM n`,
  );
  const { database, take } = countedDatabase(env.DB);
  const on = stage({ settings: { DB: database, PABBLY_WEBHOOK_URL: "https://connect.pabbly.com/workflow/1" } });
  await on.cron(NIGHTLY);
  expect(take().statements).toBeLessThanOrEqual(50);
  const { idempotency_keys, deliveries } = await rowCounts();
  expect({ idempotency_keys, deliveries }).toEqual({ idempotency_keys: 2500, deliveries: 1000 });
  await execute("DELETE FROM deliveries");
});

test("guesses at passwords are forgotten once they hold nobody up, known addresses once they are known no longer", async () => {
  const row = (name: string, resets_at: string, known_until: string | null) =>
    env.DB.prepare("INSERT INTO sign_in_guesses (subject, guesses, resets_at, known_until) VALUES (?, 7, ?, ?)").bind(
      name.padEnd(43, "_"),
      resets_at,
      known_until,
    );
  const [past, future] = ["2026-11-20T15:04:05.123Z", "2026-11-20T15:04:05.124Z"];
  await env.DB.batch([
    row("waiting", future, null),
    row("over", past, null),
    row("known", past, future),
    row("once known", past, past),
  ]);
  await stage().cron(NIGHTLY);
  const rows = () => queryAll<{ subject: string }>("SELECT subject FROM sign_in_guesses ORDER BY subject");
  expect((await rows()).map(({ subject }) => subject.replace(/_+$/, ""))).toEqual(["known", "waiting"]);
});

test("the cron trigger purges", async () => {
  await addKeys(["ancient", "2020-01-01T00:00:00.000Z"], ["recent", new Date().toISOString()]);
  await worker.scheduled(createScheduledController({ cron: "17 7 * * *" }), env);
  expect(await keys()).toEqual(["recent"]);
});

test("a key that was purged may be used again", async () => {
  const machine_id = await machine("LAT");
  const body = { title: "Weekly check", machine_id };
  const headers = { "idempotency-key": "weekly" };
  await postTicket(startApp({ now: () => NOW }), technician, body, headers);
  await purgeExpired(createContext(env, { ...realWorld, now: () => new Date("2026-12-21T15:00:00.001Z") }, {}));
  const again = await postTicket(startApp({ now: () => NOW }), technician, { ...body, priority: "high" }, headers);
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotency-replayed")).toBeNull();
});
