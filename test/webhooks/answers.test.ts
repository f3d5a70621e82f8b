import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attemptRows, clearDeliveries, deliveryRows, insertDue, onlyDelivery } from "../deliveries/rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { watchTimeouts } from "../deliveries/timeouts.ts";
import { execute, queryAll, send } from "../helpers.ts";
import { addDevice } from "../push/device.ts";
import { until } from "../receivers/client.ts";

// What an endpoint answers, and what becomes of the delivery and of the endpoint.

let shop: Shop;
const DAY = 24 * 60 * 60;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const events = ["ticket.created"];
const report = (on: Stage) => createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
const endpoint = async (id: number) =>
  (
    await queryAll<{ active: number; disabled_reason: string | null; failing_since: string | null }>(
      "SELECT active, disabled_reason, failing_since FROM webhook_endpoints WHERE id = ?",
      id,
    )
  )[0];

test.each([200, 201, 202, 204, 299])("%i is success", async (status) => {
  const on = stage();
  await addWebhook(on.app, shop.admin, (await receiver({ status })).url, events);
  await report(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1, last_error: null });
});

test.each([400, 401, 403, 404, 409, 422, 500, 599])("%i is to be tried again", async (status) => {
  const on = stage();
  await addWebhook(on.app, shop.admin, (await receiver({ status })).url, events);
  await report(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1, last_error: `answered ${status}` });
});

test.each([301, 302, 307, 308])("a redirect with %i is not followed", async (status) => {
  const on = stage();
  const elsewhere = await receiver();
  const consumer = await receiver({ status, headers: { location: elsewhere.url } });
  await addWebhook(on.app, shop.admin, consumer.url, events);
  await report(on);
  await on.deliver();
  expect(await consumer.requests()).toHaveLength(1);
  expect(await elsewhere.requests()).toEqual([]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", last_error: `answered ${status}` });
});

test("an answer of 50 MB is cut off, and its first 2 KiB are kept", async () => {
  const on = stage();
  const consumer = await receiver({ bytes: 50 * 1024 * 1024 });
  await addWebhook(on.app, shop.admin, consumer.url, events);
  await report(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  expect((await attemptRows())[0]?.response).toBe("x".repeat(2048));
  const [received] = await until(async () => {
    const requests = await consumer.requests();
    return requests[0]?.state === "cut" && requests;
  });
  expect(received?.sent).toBeLessThan(25 * 1024 * 1024);
});

test("an answer that drips for ever is cut off after two seconds", async () => {
  const on = stage();
  const consumer = await receiver({ dripMs: 50 });
  await addWebhook(on.app, shop.admin, consumer.url, events);
  await report(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  const { response } = (await attemptRows())[0] ?? {};
  expect(response).toMatch(/^x{5,60}$/);
  await until(async () => (await consumer.requests())[0]?.state === "cut");
});

test.each([
  ["text", { body: "thank you" }, "thank you"],
  ["nothing", {}, ""],
  ["NUL bytes", { body: "a\0b" }, "ab"],
])("an answer of %s is kept", async (_, answer, expected) => {
  const on = stage();
  await addWebhook(on.app, shop.admin, (await receiver(answer)).url, events);
  await report(on);
  await on.deliver();
  expect((await attemptRows())[0]?.response).toBe(expected);
});

test("no answer within 15 s is a failed try", async () => {
  const meant = watchTimeouts(200);
  const on = stage();
  const consumer = await receiver({ hold: true });
  await addWebhook(on.app, shop.admin, consumer.url, events);
  await report(on);
  await on.deliver();
  expect(meant).toEqual([15_000]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", last_error: "no answer within 15 s" });
  expect(await attemptRows()).toMatchObject([{ http_status: null, error: "no answer within 15 s", response: null }]);
  await until(async () => (await consumer.requests())[0]?.state === "cut");
});

test("a broken connection is a failed try", async () => {
  const on = stage();
  await addWebhook(on.app, shop.admin, (await receiver({ close: true }, { status: 200 })).url, events);
  await report(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "pending", last_error: "connection failed" });
  await on.deliverNext();
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
});

test("a fault of ours is not taken for a broken connection, nor held against the endpoint", async () => {
  const on = stage();
  const consumer = await receiver();
  const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
  // No secret that the application makes is no base64.
  await execute(`UPDATE webhook_endpoints SET secret = 'whsec_%%%' WHERE id = ${id}`);
  await report(on);
  await on.deliver();
  expect(await consumer.requests()).toEqual([]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1, last_error: "internal error" });
  expect(await attemptRows()).toMatchObject([{ http_status: null, error: "internal error" }]);
  expect(await endpoint(id)).toEqual({ active: 1, disabled_reason: null, failing_since: null });
  const response = await on.app.request(`/api/webhooks/${id}/test`, send(shop.admin, {}));
  expect(response.status).toBe(500);
});

describe("410", () => {
  test("switches the endpoint off, fails what is on its way, and tells the administrators", async () => {
    const on = stage();
    const consumer = await receiver({ status: 410 });
    const service = await receiver({ status: 201 });
    const phone = await addDevice(on.app, shop.admin, service.url);
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
    await report(on);
    await on.deliver();
    expect(await endpoint(id)).toMatchObject({ active: 0, disabled_reason: "gone" });
    expect(await onlyDelivery("channel = 'webhook'")).toMatchObject({ status: "failed", last_error: "answered 410" });
    expect(await deliveryRows("channel = 'push'")).toMatchObject([
      {
        target: `user:${shop.admin.id}`,
        subject: `webhook:${id}`,
        event_type: "webhook.disabled",
        status: "completed",
      },
    ]);
    const [received] = await service.requests();
    expect(JSON.parse(phone.decrypt(received))).toMatchObject({
      title: "Webhook switched off",
      body: `${new URL(consumer.url).host} no longer accepts deliveries.`,
    });
    // Only the host is told: the path may hold a secret.
    expect((await onlyDelivery("channel = 'push'")).payload).not.toContain("/to/");

    // Nothing new is enqueued for it.
    await report(on);
    expect(await deliveryRows("channel = 'webhook'")).toHaveLength(1);
  });

  test("to several deliveries on their way tells each administrator once", async () => {
    const on = stage();
    const consumer = await receiver({ hold: true, status: 410 });
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
    const service = await receiver({ status: 201 });
    await addDevice(on.app, shop.admin, service.url);
    await insertDue(3, `webhook:${id}`, "2026-11-20T15:00:00.000Z");
    const invocations = (await deliveryRows()).map((row) => on.invoke([row.id]));
    await consumer.arrived(3);
    await consumer.release(1);
    await Promise.race(invocations);
    await on.deliver();
    expect(await service.requests()).toHaveLength(1);
    await consumer.release();
    await Promise.all(invocations);
    await on.deliver();
    expect(await service.requests()).toHaveLength(1);
    expect(await deliveryRows("channel = 'webhook' AND status = 'failed'")).toHaveLength(3);
  });

  test("of an endpoint that is switched on again begins anew", async () => {
    const on = stage();
    const consumer = await receiver({ status: 410 }, { status: 200 });
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
    await report(on);
    await on.deliver();
    const response = await on.app.request(`/api/webhooks/${id}`, send(shop.admin, { active: true }, {}, "PATCH"));
    expect(await response.json()).toMatchObject({
      webhook: { active: true, disabled_reason: null, failing_since: null },
    });
    await report(on);
    await on.deliver();
    expect(await deliveryRows("channel = 'webhook' AND status = 'completed'")).toHaveLength(1);
  });
});

describe("an endpoint that fails", () => {
  test("is switched off after five days without a success, not before", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 });
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
    await report(on);
    await on.deliver();
    expect(await endpoint(id)).toEqual({ active: 1, disabled_reason: null, failing_since: "2026-11-20T15:04:05.123Z" });
    on.lose();
    on.advance(5 * DAY - 0.001);
    await report(on);
    await on.deliver();
    expect(await endpoint(id)).toEqual({ active: 1, disabled_reason: null, failing_since: "2026-11-20T15:04:05.123Z" });
    on.lose();
    on.advance(0.001);
    await report(on);
    await on.deliver();
    expect(await endpoint(id)).toEqual({
      active: 0,
      disabled_reason: "failing",
      failing_since: "2026-11-20T15:04:05.123Z",
    });
    expect(await deliveryRows("event_type = 'webhook.disabled'")).toMatchObject([{ target: `user:${shop.admin.id}` }]);

    // What still waits for it fails visibly and is not sent.
    const before = (await consumer.requests()).length;
    await on.cron();
    await on.deliver();
    expect(await consumer.requests()).toHaveLength(before);
    expect(await deliveryRows("channel = 'webhook' AND last_error = 'endpoint is switched off'")).not.toEqual([]);
  });

  test("is in order again with its first success", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 }, { status: 200 }, { status: 500 });
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, events);
    await report(on);
    await on.deliver();
    await on.deliverNext();
    expect(await endpoint(id)).toEqual({ active: 1, disabled_reason: null, failing_since: null });
    on.advance(6 * DAY);
    await report(on);
    await on.deliver();
    expect(await endpoint(id)).toMatchObject({ active: 1, failing_since: new Date(on.time()).toISOString() });
  });
});
