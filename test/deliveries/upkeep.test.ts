import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execute, queryAll, rowCounts, send } from "../helpers.ts";
import { countedDatabase } from "./counted-database.ts";
import { clearDeliveries } from "./rows.ts";
import { addWebhook, ok, receiver, type Shop, setUpShop } from "./shop.ts";
import { NIGHTLY, stage } from "./stage.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const NOW = Date.parse("2026-11-20T15:04:05.123Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const HOUR = 3600;
const DAY = 24 * HOUR;

let jobs = 0;

/** A row in this state since `at`; with one attempt and one push log where wanted. */
const insert = (status: string, at: string, options: { channel?: string; history?: boolean } = {}) => {
  const channel = options.channel ?? "webhook";
  const since = (state: string) => (status === state ? `'${at}'` : "NULL");
  const leased = status === "processing";
  return execute(
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, completed_at,
                             lease_until, lease_token, claimed_generation, created_at, updated_at)
     VALUES ('${channel}', 'webhook:1', 'ticket:${++jobs}', 'ticket.created', '{}', '${status}', ${since("pending")},
             ${since("completed")}, ${since("processing")}, ${leased ? "'t'" : "NULL"}, ${leased ? 1 : "NULL"}, '${at}', '${at}')`,
    ...(options.history
      ? [
          `INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms)
           SELECT MAX(id), 1, 1, 1, '${at}', 5 FROM deliveries`,
          `INSERT INTO push_logs (delivery_id, generation, user_id, status, attempt, created_at)
           SELECT MAX(id), 1, ${shop.technician.id}, 'no_device', 1, '${at}' FROM deliveries`,
        ]
      : []),
  );
};

const manyCompleted = (count: number) =>
  `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, completed_at, created_at, updated_at)
   WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   SELECT 'webhook', 'webhook:1', 'old:' || i, 'ticket.created', '{}', 'completed', '2020-01-01', '2020-01-01', '2020-01-01'
   FROM n`;

describe("GET /api/deliveries/health", () => {
  const health = () =>
    ok<Record<string, unknown>>(stage().app.request("/api/deliveries/health", send(shop.supervisor)));
  const none = { pending: 0, processing: 0, failed: 0, stuck: 0 };

  test("is all zeros when nothing is open", async () => {
    await insert("completed", ago(90 * DAY));
    expect(await health()).toEqual({
      ...none,
      oldest_due_seconds: 0,
      duplicates: 0,
      invalid: 0,
      by_channel: { push: none, webhook: none, email: none, stripe: none },
      paused: [],
    });
  });

  test("counts what is open, by channel, and calls stuck what is more than an hour late", async () => {
    await insert("pending", ago(HOUR + 1));
    await insert("pending", ago(HOUR - 1));
    await insert("pending", ago(-HOUR));
    await insert("pending", ago(2 * HOUR), { channel: "push" });
    await insert("processing", ago(HOUR + 1));
    await insert("processing", ago(-180), { channel: "push" });
    await insert("failed", ago(40 * DAY));
    await insert("failed", ago(1), { channel: "push" });
    await insert("completed", ago(1));
    expect(await health()).toEqual({
      pending: 4,
      processing: 2,
      failed: 2,
      stuck: 3,
      oldest_due_seconds: 2 * HOUR,
      duplicates: 0,
      invalid: 0,
      by_channel: {
        push: { pending: 1, processing: 1, failed: 1, stuck: 1 },
        webhook: { pending: 3, processing: 1, failed: 1, stuck: 2 },
        email: none,
        stripe: none,
      },
      paused: [],
    });
  });

  test("is not late about what is due later", async () => {
    await insert("pending", ago(-3 * HOUR));
    expect(await health()).toMatchObject({ pending: 1, stuck: 0, oldest_due_seconds: 0 });
  });

  test("reads no completed row, of which there are most", async () => {
    await execute(manyCompleted(2000));
    await insert("failed", ago(1));
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database } });
    await ok(on.app.request("/api/deliveries/health", send(shop.supervisor)));
    // The lookup of the definition alone reads all of the schema.
    expect(take().rowsRead).toBeLessThan(200);
  });
});

describe("POST /api/deliveries/cleanup", () => {
  const cleanUp = (body: Record<string, unknown>) =>
    ok(stage().app.request("/api/deliveries/cleanup", send(shop.admin, body)));
  const left = async () =>
    (await queryAll<{ updated_at: string }>("SELECT updated_at FROM deliveries ORDER BY updated_at")).map(
      (row) => row.updated_at,
    );

  test("removes completed rows after thirty days, with their tries and logs, and nothing else", async () => {
    await insert("completed", ago(30 * DAY + 1), { history: true });
    await insert("completed", ago(30 * DAY - 1), { history: true });
    await insert("failed", ago(400 * DAY), { history: true });
    await insert("pending", ago(400 * DAY));
    await insert("processing", ago(400 * DAY));
    expect(await cleanUp({})).toEqual({ matched: 1, deleted: 1, remaining: 0, dry_run: false });
    expect(await left()).toEqual([ago(400 * DAY), ago(400 * DAY), ago(400 * DAY), ago(30 * DAY - 1)]);
    expect(await rowCounts()).toMatchObject({ delivery_attempts: 2, push_logs: 2 });
    expect(await cleanUp({})).toEqual({ matched: 0, deleted: 0, remaining: 0, dry_run: false });
  });

  test("a dry run only counts", async () => {
    await insert("completed", ago(31 * DAY), { history: true });
    const before = await rowCounts();
    expect(await cleanUp({ dry_run: true })).toEqual({ matched: 1, deleted: 0, remaining: 1, dry_run: true });
    expect(await rowCounts()).toEqual(before);
  });

  test("takes another age and failed rows when asked", async () => {
    await insert("failed", ago(2 * HOUR), { history: true });
    await insert("failed", ago(1), { history: true });
    await insert("completed", ago(2 * HOUR));
    expect(await cleanUp({ status: "failed", older_than_hours: 1 })).toMatchObject({ matched: 1, deleted: 1 });
    expect(await left()).toEqual([ago(2 * HOUR), ago(1)]);
    expect(await cleanUp({ older_than_hours: 1 })).toMatchObject({ matched: 1, deleted: 1 });
    expect(await left()).toEqual([ago(1)]);
  });

  test("stops after a bounded number of rows and says how many remain", async () => {
    await execute(manyCompleted(5200));
    const { database, take } = countedDatabase(env.DB);
    const request = send(shop.admin, {});
    const answer = await stage({ settings: { DB: database } }).app.request("/api/deliveries/cleanup", request);
    expect(await answer.json()).toEqual({ matched: 5200, deleted: 5000, remaining: 200, dry_run: false });
    const { statements, rowsRead } = take();
    expect(statements).toBeLessThanOrEqual(50);
    // All that match are counted once; each batch reads its own rows.
    expect(rowsRead).toBeLessThan(5200 + 50_000);
    expect(await cleanUp({})).toEqual({ matched: 200, deleted: 200, remaining: 0, dry_run: false });
  });

  test.each([{ status: "pending" }, { status: "processing" }, { older_than_hours: 0 }, { older_than_hours: "1" }])(
    "with %j is refused",
    async (body) => {
      await insert("pending", ago(400 * DAY));
      const response = await stage().app.request("/api/deliveries/cleanup", send(shop.admin, body));
      expect(response.status).toBe(400);
      expect(await left()).toHaveLength(1);
    },
  );
});

describe("the cron runs", () => {
  test("at night old completed rows go, and nothing is sent", async () => {
    const on = stage();
    await insert("completed", ago(31 * DAY), { history: true });
    await insert("completed", ago(29 * DAY));
    await insert("failed", ago(90 * DAY));
    await insert("pending", ago(90 * DAY));
    await Promise.all([on.cron(NIGHTLY), on.cron(NIGHTLY)]);
    expect(await queryAll("SELECT status FROM deliveries ORDER BY id")).toEqual([
      { status: "completed" },
      { status: "failed" },
      { status: "pending" },
    ]);
    expect(on.held).toEqual([]);
  });

  test("each minute announces what is due, the longest due first, and nothing that is not", async () => {
    const on = stage();
    await insert("pending", ago(10));
    await insert("pending", ago(3600));
    await insert("pending", ago(-10));
    await insert("completed", ago(3600));
    await insert("failed", ago(3600));
    await insert("processing", ago(-10));
    await on.cron();
    const due = await queryAll<{ id: number }>(
      "SELECT id FROM deliveries WHERE status = 'pending' AND next_attempt_at <= ? ORDER BY next_attempt_at",
      new Date(NOW).toISOString(),
    );
    expect(on.held.flatMap(({ ids }) => ids)).toEqual(due.map(({ id }) => id));
    expect(due).toHaveLength(2);
  });

  test("each minute reads what is due, however many are completed", async () => {
    await execute(manyCompleted(2000));
    await insert("pending", ago(10));
    await insert("processing", ago(10));
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database } });
    await on.cron();
    expect(on.held).toMatchObject([{ ids: { length: 2 } }]);
    expect(take().rowsRead).toBeLessThan(100);
  });

  test("a part that fails stops no other", async () => {
    const on = stage({ settings: { PABBLY_WEBHOOK_URL: "https://connect.pabbly.example/hook" } });
    await execute(
      "CREATE TRIGGER fault BEFORE UPDATE ON tickets BEGIN SELECT RAISE(ABORT, 'injected'); END",
      "CREATE TRIGGER fault_endpoint BEFORE INSERT ON webhook_endpoints BEGIN SELECT RAISE(ABORT, 'injected'); END",
    );
    await on.app.request("/api/tickets", send(shop.supervisor, { title: "Late", machine_id: shop.machine_id }));
    await insert("pending", ago(10));
    await expect(on.cron()).rejects.toThrow("injected");
    expect(on.held).toMatchObject([{ ids: { length: 1 } }]);
    await execute("DROP TRIGGER fault", "DROP TRIGGER fault_endpoint");
  });

  test("a lost queue message loses nothing: the next minute delivers it", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await on.app.request(
      "/api/tickets",
      send(shop.supervisor, { title: "Spindle vibrates", machine_id: shop.machine_id }),
    );
    expect(on.lose()).toHaveLength(1);
    on.advance(60);
    await on.cron();
    await on.deliver();
    expect(await consumer.requests()).toHaveLength(1);
    expect(await queryAll("SELECT target, status FROM deliveries")).toEqual([
      { target: `webhook:${id}`, status: "completed" },
    ]);
  });

  test("a lost message of a retry loses nothing either", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 }, { status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await on.app.request(
      "/api/tickets",
      send(shop.supervisor, { title: "Spindle vibrates", machine_id: shop.machine_id }),
    );
    await on.deliver();
    expect(on.lose()).toHaveLength(1);
    on.advance(60);
    await on.cron();
    await on.deliver();
    expect(await queryAll("SELECT status, attempts FROM deliveries")).toEqual([{ status: "completed", attempts: 2 }]);
  });
});
