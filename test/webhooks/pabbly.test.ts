import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { clearDeliveries, deliveryRows } from "../deliveries/rows.ts";
import { createTicket, eventOf, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { NIGHTLY, stage } from "../deliveries/stage.ts";
import { queryAll, send } from "../helpers.ts";
import { makeApiKey } from "../users/api.ts";

// One secret, PABBLY_WEBHOOK_URL, is enough: its endpoint makes itself. Each stage stands for an isolate of its own.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const isolate = (url: string, settings = {}) => stage({ settings: { PABBLY_WEBHOOK_URL: url, ...settings } });
const endpoints = () =>
  queryAll<{
    id: number;
    url: string;
    source: string | null;
    secret: string;
    active: number;
    deleted_at: string | null;
  }>("SELECT id, url, source, secret, active, deleted_at FROM webhook_endpoints ORDER BY id");

test("the first request of somebody signed in makes the endpoint, with the three events that Pabbly needs", async () => {
  const consumer = await receiver();
  const { app } = isolate(consumer.url);
  const { webhooks } = await ok<{ webhooks: unknown[] }>(app.request("/api/webhooks", send(shop.admin)));
  expect(webhooks).toEqual([
    {
      id: expect.any(Number),
      url: consumer.url,
      events: ["ticket.created", "notification.fallback", "customer.notify"],
      description: "Pabbly",
      active: true,
      disabled_reason: null,
      failing_since: null,
      created_at: "2026-11-20T15:04:05.123Z",
      updated_at: "2026-11-20T15:04:05.123Z",
    },
  ]);
});

test("the very first ticket already reaches it, and so does its fallback", async () => {
  const consumer = await receiver();
  const on = isolate(consumer.url);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  await on.deliver();
  expect((await consumer.requests()).map((received) => eventOf(received).type).sort()).toEqual([
    "notification.fallback",
    "ticket.created",
  ]);
});

test("twenty concurrent requests to each of five isolates make one", async () => {
  const consumer = await receiver();
  const isolates = Array.from({ length: 5 }, () => isolate(consumer.url));
  const answers = await Promise.all(
    isolates.flatMap(({ app }) => Array.from({ length: 20 }, () => app.request("/api/me", send(shop.admin)))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await endpoints()).toHaveLength(1);
});

test("that takes no trip of its own, and writes nothing where the endpoint is there", async () => {
  const consumer = await receiver();
  const trips = async () => {
    const { database: DB, take } = countedDatabase(env.DB);
    const { app } = isolate(consumer.url, { DB });
    const taken = [];
    for (const _ of [1, 2]) {
      await ok(app.request("/api/machines", send(shop.admin)));
      const { trips, statements, rowsWritten } = take();
      taken.push({ trips, statements, isWriting: rowsWritten > 0 });
    }
    return taken;
  };
  const later = { trips: 1, statements: 2, isWriting: false };
  expect(await trips()).toEqual([{ trips: 1, statements: 3, isWriting: true }, later]);
  expect(await trips()).toEqual([{ trips: 1, statements: 3, isWriting: false }, later]);
});

test("a ticket of an API key that no isolate has seen reaches it as well", async () => {
  const consumer = await receiver();
  const on = isolate(consumer.url);
  const key = await makeApiKey(stage().app, shop.admin, shop.supervisor);
  expect(await endpoints()).toEqual([]);
  const init = send(null, { title: "Alarm", machine_id: shop.machine_id }, key);
  expect((await on.app.request("/api/tickets", init)).status).toBe(201);
  await on.deliver();
  expect((await consumer.requests()).map((received) => eventOf(received).type)).toEqual(["ticket.created"]);
});

test("what changes nothing makes nothing: no sign-in is needed for that", async () => {
  const { app } = isolate((await receiver()).url);
  for (const path of ["/api/health", "/api/auth/get-session", "/api/tickets"]) await app.request(path);
  expect(await endpoints()).toEqual([]);
});

test("a cron run makes it too", async () => {
  const consumer = await receiver();
  await Promise.all([isolate(consumer.url).cron(), isolate(consumer.url).cron(NIGHTLY)]);
  expect(await endpoints()).toMatchObject([{ url: consumer.url, source: "PABBLY_WEBHOOK_URL" }]);
});

test("a changed address is followed, under the same secret", async () => {
  const [before, after] = [await receiver(), await receiver()];
  await isolate(before.url).app.request("/api/me", send(shop.admin));
  const [first] = await endpoints();
  const on = isolate(after.url);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  await on.deliver();
  expect(await endpoints()).toEqual([{ ...first, url: after.url }]);
  expect(await before.requests()).toEqual([]);
  expect(await after.requests()).toHaveLength(1);
});

test("what an administrator changed about it stays", async () => {
  const consumer = await receiver();
  const { app } = isolate(consumer.url);
  await app.request("/api/me", send(shop.admin));
  const [made] = await endpoints();
  const change = { events: ["ticket.deleted"], active: false, description: "Ours" };
  await ok(app.request(`/api/webhooks/${made?.id}`, send(shop.admin, change, {}, "PATCH")));
  await isolate(consumer.url).app.request("/api/me", send(shop.admin));
  const { webhooks } = await ok<{ webhooks: unknown[] }>(app.request("/api/webhooks", send(shop.admin)));
  expect(webhooks).toMatchObject([{ id: made?.id, ...change }]);
});

test("one that an administrator removed stays removed, also when the address changes", async () => {
  const [before, after] = [await receiver(), await receiver()];
  const { app } = isolate(before.url);
  await app.request("/api/me", send(shop.admin));
  const [made] = await endpoints();
  await app.request(`/api/webhooks/${made?.id}`, send(shop.admin, undefined, {}, "DELETE"));
  const gone = await endpoints();
  for (const url of [before.url, after.url]) {
    const on = isolate(url);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    await on.cron();
    await on.deliver();
  }
  expect(await endpoints()).toEqual(gone);
  expect(await deliveryRows()).toEqual([]);
  expect([await before.requests(), await after.requests()]).toEqual([[], []]);
});

test("an address that may not be sent to makes no endpoint, and no request fails for it", async () => {
  const on = isolate("http://169.254.169.254/latest", { ALLOW_LOCAL_TARGETS: "false" });
  expect((await on.app.request("/api/me", send(shop.admin))).status).toBe(200);
  await on.cron();
  expect(await endpoints()).toEqual([]);
});

test("without the setting nothing is made", async () => {
  const on = stage();
  await on.app.request("/api/me", send(shop.admin));
  await on.cron();
  expect(await endpoints()).toEqual([]);
});

test("a look that the database refuses is made again by the next request", async () => {
  const consumer = await receiver();
  let broken = true;
  const real = stage().context.env.DB;
  const database = new Proxy(real, {
    get(target, name) {
      if (broken && name === "prepare") throw new Error("D1_ERROR: Network connection lost");
      return (Reflect.get(target, name) as () => unknown).bind(target);
    },
  });
  const { app } = isolate(consumer.url, { DB: database });
  await app.request("/api/me", send(shop.admin));
  expect(await endpoints()).toEqual([]);
  broken = false;
  expect((await app.request("/api/me", send(shop.admin))).status).toBe(200);
  expect(await endpoints()).toHaveLength(1);
});
