import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { abortOn, dropFaults } from "./db/triggers.ts";
import { countedDatabase } from "./deliveries/counted-database.ts";
import { clearDeliveries } from "./deliveries/rows.ts";
import { NIGHTLY, stage } from "./deliveries/stage.ts";
import { execute, type Person, person, queryAll, rowCounts } from "./helpers.ts";

let technician: Person;

beforeAll(async () => {
  technician = await person("technician");
});
beforeEach(async () => {
  await dropFaults();
  await clearDeliveries();
  await execute(
    "DELETE FROM idempotency_keys",
    "DELETE FROM unfinished_purges",
    "DELETE FROM expired_push_endpoints",
    "DELETE FROM sign_in_guesses",
  );
});

const PAST = "'2020-01-01T00:00:00.000Z'";
const DUE = "'2026-11-20T15:00:00.000Z'";
const rows = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

const oldDeliveries = (count: number) => [
  `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, created_at, updated_at, completed_at)
   ${rows(count)} SELECT 'push', 'user:1', 'old:' || i, 'ticket.assigned', '{}', 'completed', ${PAST}, ${PAST}, ${PAST} FROM n`,
  `INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms)
   SELECT id, 1, 1, 1, ${PAST}, 5 FROM deliveries WHERE status = 'completed'`,
];
const oldKeys = (count: number) =>
  `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
   ${rows(count)} SELECT ${technician.id}, 'r', 'k' || i, 'h', 201, '{}', '{}', ${PAST} FROM n`;
const oldGuesses = (count: number) =>
  `INSERT INTO sign_in_guesses (subject, guesses, resets_at) ${rows(count)} SELECT printf('%043d', i), 1, ${PAST} FROM n`;
const oldEndpoints = (count: number) =>
  `INSERT INTO expired_push_endpoints (endpoint_digest, expired_at)
   ${rows(count)} SELECT printf('%043d', i), ${PAST} FROM n`;
const dueDelivery = (subject: string) =>
  `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, created_at, updated_at)
   VALUES ('webhook', 'webhook:1', '${subject}', 'ticket.created', '{}', 'pending', ${DUE}, ${DUE}, ${DUE})`;

const NOTHING = {
  deliveries: 0,
  delivery_attempts: 0,
  idempotency_keys: 0,
  expired_push_endpoints: 0,
  sign_in_guesses: 0,
  unfinished_purges: 0,
};

const left = async () => {
  const counts = await rowCounts();
  return Object.fromEntries(Object.keys(NOTHING).map((table) => [table, counts[table]]));
};

describe("what one night cannot remove", () => {
  test("goes in the minutes after it, within fifty statements each, and nothing else waits for it", async () => {
    await execute(...oldDeliveries(20_000), oldKeys(20_000), oldEndpoints(4000), oldGuesses(4000));
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database, PABBLY_WEBHOOK_URL: "https://connect.pabbly.com/workflow/1" } });
    await on.cron(NIGHTLY);
    expect(take().statements).toBeLessThanOrEqual(50);
    let minutes = 0;
    for (; (await left()).unfinished_purges !== 0; minutes++) {
      await execute(dueDelivery(`due:${minutes}`));
      const before = await left();
      on.advance(60);
      take();
      await on.cron();
      expect(take().statements).toBeLessThanOrEqual(50);
      // What is due is announced, and each minute removes something.
      expect(on.held.splice(0)).toMatchObject([{ ids: { length: 1 } }]);
      await execute("DELETE FROM deliveries WHERE status = 'pending'");
      expect(await left()).not.toEqual(before);
      expect(minutes).toBeLessThan(10);
    }
    expect(await left()).toEqual(NOTHING);
    expect(minutes).toBeGreaterThan(2);
    // From then on a minute looks once and finds nothing.
    on.advance(60);
    take();
    await on.cron();
    const { statements, rowsRead } = take();
    expect(statements).toBeLessThan(20);
    expect(rowsRead).toBeLessThan(100);
  });

  test("is nothing when the night was long enough", async () => {
    await execute(...oldDeliveries(300), oldKeys(300), oldEndpoints(300), oldGuesses(300));
    await stage().cron(NIGHTLY);
    expect(await left()).toEqual(NOTHING);
  });

  test.each([1500, 500])("is nothing, too, when %i rows fill a batch to the last row", async (count) => {
    await execute(...oldDeliveries(count), oldKeys(count), oldEndpoints(count), oldGuesses(count));
    const on = stage();
    await on.cron(NIGHTLY);
    await on.cron();
    expect(await left()).toEqual(NOTHING);
  });

  test("goes even when the night breaks off in its midst", async () => {
    await execute(...oldDeliveries(2000), oldKeys(2000));
    let batches = 0;
    const broken = new Proxy(env.DB, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name !== "batch") return typeof member === "function" ? (member.bind(target) as unknown) : member;
        // The Worker is killed with its second batch.
        return (statements: D1PreparedStatement[]) =>
          ++batches > 1 ? new Promise(() => {}) : target.batch(statements);
      },
    });
    const night = stage({ settings: { DB: broken } }).cron(NIGHTLY);
    await Promise.race([night, new Promise((resolve) => setTimeout(resolve, 500))]);
    expect(await left()).toMatchObject({ deliveries: 2000, unfinished_purges: 5 });
    const on = stage();
    for (let minute = 0; minute < 3; minute++) await on.cron();
    expect(await left()).toEqual(NOTHING);
  });

  test("that cannot be removed keeps nothing else back, and is tried again", async () => {
    await execute(...oldDeliveries(1200), oldKeys(20_000), dueDelivery("due"));
    await abortOn("DELETE", "idempotency_keys");
    const on = stage();
    await expect(on.cron(NIGHTLY)).rejects.toThrow("injected");
    expect(await left()).toMatchObject({ delivery_attempts: 0, idempotency_keys: 20_000, unfinished_purges: 1 });
    await expect(on.cron()).rejects.toThrow("injected");
    expect(on.held).toMatchObject([{ ids: { length: 1 } }]);
    await dropFaults();
    for (let minute = 0; minute < 8; minute++) await on.cron();
    expect(await queryAll("SELECT name FROM unfinished_purges")).toEqual([]);
    expect((await left()).idempotency_keys).toBe(0);
  });

  test("is removed once by a night and a minute that run at the same time", async () => {
    await execute(...oldDeliveries(3000), oldKeys(3000), dueDelivery("kept"));
    const on = stage();
    await Promise.all([on.cron(NIGHTLY), on.cron(), on.cron(NIGHTLY), on.cron()]);
    for (let minute = 0; minute < 2; minute++) await on.cron();
    expect(await left()).toEqual({ ...NOTHING, deliveries: 1 });
  });
});
