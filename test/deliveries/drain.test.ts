import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IDS_PER_MESSAGE } from "../../src/deliveries/outbox.ts";
import { execute, rowCounts, send } from "../helpers.ts";
import { addDevice } from "../push/device.ts";
import type { Answer } from "../receivers/protocol.ts";
import { countedDatabase } from "./counted-database.ts";
import { clearDeliveries, deliveryRows, insertDue } from "./rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "./shop.ts";
import { NIGHTLY, stage } from "./stage.ts";

// What one invocation may do on the smallest plan: six connections at once, fifty statements.

let shop: Shop;
const STATEMENTS = 50;
const CONNECTIONS = 6;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

test("a thousand due deliveries drain through cron and queue, each once, within the limits of each invocation", async () => {
  const { database, take } = countedDatabase(env.DB);
  let open = 0;
  let mostOpen = 0;
  const on = stage({
    settings: { DB: database },
    fetch: async (input, init) => {
      mostOpen = Math.max(mostOpen, ++open);
      return fetch(input, init).finally(() => open--);
    },
  });
  const consumer = await receiver();
  const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await insertDue(1000, `webhook:${id}`, "2026-11-20T14:00:00.000Z");

  let runs = 0;
  let mostStatements = 0;
  const counted = async (invocation: Promise<unknown>) => {
    await invocation;
    mostStatements = Math.max(mostStatements, take().statements);
  };
  take();
  for (; runs < 10; runs++) {
    await counted(on.cron());
    if (on.held.length === 0) break;
    // One invocation after the other, so that the receiver's peak is the peak of one invocation.
    for (const { ids } of on.held.splice(0)) {
      expect(ids.length).toBeLessThanOrEqual(IDS_PER_MESSAGE);
      await counted(on.invoke(ids));
    }
  }

  const { requests, peak } = await consumer.report();
  expect(requests).toHaveLength(1000);
  expect(new Set(requests.map((received) => received.headers["webhook-id"])).size).toBe(1000);
  expect(mostOpen).toBeGreaterThan(1);
  expect(mostOpen).toBeLessThanOrEqual(CONNECTIONS);
  expect(peak).toBeLessThanOrEqual(CONNECTIONS);
  expect(mostStatements).toBeLessThanOrEqual(STATEMENTS);
  // Each run announces some hundred; what is left is the next minute's.
  expect(runs).toBeLessThanOrEqual(3);
  expect((await deliveryRows("status <> 'completed' OR attempts <> 1")).length).toBe(0);
}, 60_000);

describe("a full queue message stays within the statements of one invocation", () => {
  const cases: [string, Answer[]][] = [
    ["when every phone is reached", [{ status: 201 }]],
    ["when every phone is gone", [{ status: 410 }]],
    ["when some phones are reached and others gone", [{ status: 201 }, { status: 410 }]],
    ["when every phone is to be tried again", [{ status: 500 }]],
    ["when nobody has a phone", []],
  ];

  test.each(cases)("of pushes, %s", async (_, answers) => {
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database } });
    await addWebhook(on.app, shop.admin, (await receiver()).url, ["notification.fallback"]);
    for (const answer of answers) await addDevice(on.app, shop.technician, (await receiver(answer)).url);
    for (let i = 0; i < IDS_PER_MESSAGE; i++) {
      await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    }
    on.lose();
    const ids = (await deliveryRows("channel = 'push'")).map((row) => row.id);
    expect(ids).toHaveLength(IDS_PER_MESSAGE);
    take();
    await on.invoke(ids);
    expect(take().statements).toBeLessThanOrEqual(STATEMENTS);
  });

  test.each([200, 410, 500])("of webhooks that are answered %i", async (status) => {
    const { database, take } = countedDatabase(env.DB);
    const on = stage({ settings: { DB: database } });
    const { id } = await addWebhook(on.app, shop.admin, (await receiver({ status })).url, ["ticket.created"]);
    await insertDue(IDS_PER_MESSAGE, `webhook:${id}`, "2026-11-20T14:00:00.000Z");
    const ids = (await deliveryRows()).map((row) => row.id);
    take();
    await on.invoke(ids);
    expect(take().statements).toBeLessThanOrEqual(STATEMENTS);
  });
});

describe("a cron run stays within the statements and calls of one invocation", () => {
  const many = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const NOW = "2026-11-20T15:04:04.000Z";
  const { database, take } = countedDatabase(env.DB);
  let calls = 0;
  const settings = {
    DB: database,
    DELIVERIES: { sendBatch: async () => void calls++ },
    STRIPE_SECRET_KEY: "sk_test_another",
    PABBLY_WEBHOOK_URL: "https://connect.pabbly.example/hook",
  };

  test("at night, with more to remove than one night can", async () => {
    await execute(
      `${many(5200)} INSERT INTO deliveries (channel, target, subject, event_type, payload, status, completed_at, created_at, updated_at)
       SELECT 'webhook', 'webhook:1', 'old:' || i, 'ticket.created', '{}', 'completed', '2020', '2020', '2020' FROM n`,
      `${many(8000)} INSERT INTO stripe_events (id, type, created, receipt, received_at)
       SELECT 'evt_' || i, 'customer.updated', 0, '', '2020' FROM n`,
    );
    take();
    await stage({ settings }).cron(NIGHTLY);
    expect(take().statements).toBeLessThanOrEqual(STATEMENTS);
    expect(await rowCounts()).toMatchObject({ deliveries: 200, stripe_events: 500 });
    await execute("DELETE FROM stripe_events");
  });

  test("each minute, with everything that there can be to do", async () => {
    const on = stage({ settings });
    await addWebhook(on.app, shop.admin, (await receiver()).url, ["notification.fallback"]);
    const channels = "(SELECT column1 AS channel FROM (VALUES ('push'), ('webhook'), ('email'), ('stripe')))";
    await execute(
      `${many(700)} INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
       SELECT channel, 'target', 'due:' || i, 'event', '{}', '${NOW}', '', '' FROM n, ${channels}`,
      `${many(700)} INSERT INTO deliveries (channel, target, subject, event_type, payload, status, lease_token, lease_until,
         claimed_generation, created_at, updated_at)
       SELECT channel, 'target', 'dead:' || i, 'event', '{}', 'processing', 'token', '${NOW}', 1, '', '' FROM n, ${channels}`,
      `INSERT INTO channel_pauses (channel, reason, credential, since, probe_at)
       VALUES ('stripe', 'authentication', 'of the key before', '', '')`,
      `${many(200)} INSERT INTO tickets (ticket_id, title, priority, machine_id, reported_by, reporter_name, scheduled_date,
         reported_at, created_at, updated_at)
       SELECT printf('CNC-0120-%04d', i), 'Late', 'critical', ${shop.machine_id}, ${shop.supervisor.id}, 'Sam', '2020-01-01',
              '2020', '2020', '2020' FROM n`,
    );
    take();
    calls = 0;
    await on.cron();
    expect(take().statements + calls).toBeLessThanOrEqual(STATEMENTS);
    expect(calls).toBeGreaterThan(4);
    await execute("DELETE FROM tickets WHERE ticket_id LIKE 'CNC-0120-%'", "DELETE FROM channel_pauses");
  });
});

test("pushes and webhooks of one invocation share its connections", async () => {
  const on = stage();
  const slow = await receiver({ status: 201, delayMs: 60 });
  await addWebhook(on.app, shop.admin, slow.url, ["ticket.created", "ticket.assigned"]);
  for (let i = 0; i < 10; i++) await addDevice(on.app, shop.technician, `${slow.url}/${i}`);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  await on.deliver();
  const { requests, peak } = await slow.report();
  expect(requests).toHaveLength(12);
  expect(peak).toBeLessThanOrEqual(CONNECTIONS);
});

test("the test of one's own ten devices keeps to the connections too", async () => {
  const on = stage();
  const slow = await receiver({ status: 201, delayMs: 60 });
  for (let i = 0; i < 10; i++) await addDevice(on.app, shop.technician, `${slow.url}/${i}`);
  await on.app.request("/api/push/test", { ...send(shop.technician), method: "POST" });
  const { requests, peak } = await slow.report();
  expect(requests).toHaveLength(10);
  expect(peak).toBeLessThanOrEqual(CONNECTIONS);
});
