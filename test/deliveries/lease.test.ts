import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { maxAttempts } from "../../src/deliveries/schedule.ts";
import { send } from "../helpers.ts";
import { addDevice } from "../push/device.ts";
import { until } from "../receivers/client.ts";
import { attemptRows, clearDeliveries, deliveryRows, insertDue, onlyDelivery, traces } from "./rows.ts";
import { addWebhook, createTicket, eventOf, receiver, type Shop, setUpShop } from "./shop.ts";
import { type Stage, stage } from "./stage.ts";

// A delivery belongs to the one worker that holds its lease; when that worker dies the lease runs out.

let shop: Shop;
const LEASE_SECONDS = 180;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

describe("each row is claimed once", () => {
  test("when two sweeps and all their messages meet", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await insertDue(60, `webhook:${id}`, "2026-11-20T15:00:00.000Z");
    await Promise.all([on.cron(), on.cron()]);
    const messages = on.held.splice(0).map(({ ids }) => ids);
    expect(messages.flat()).toHaveLength(120);
    await Promise.all(messages.map(on.invoke));
    const requests = await consumer.requests();
    expect(requests).toHaveLength(60);
    expect(new Set(requests.map((received) => received.headers["webhook-id"])).size).toBe(60);
    const rows = await deliveryRows();
    expect(rows.every((row) => row.status === "completed" && row.attempts === 1)).toBe(true);
    expect(await attemptRows()).toHaveLength(60);
  });

  test("when twenty workers get the same message", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await insertDue(3, `webhook:${id}`, "2026-11-20T15:00:00.000Z");
    const ids = (await deliveryRows()).map((row) => row.id);
    await Promise.all(Array.from({ length: 20 }, () => on.invoke([...ids, ...ids])));
    expect(await consumer.requests()).toHaveLength(3);
  });
});

test("a claim says who holds it, until when, and which payload it took", async () => {
  const on = stage();
  const consumer = await receiver({ hold: true });
  await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
  const delivering = on.deliver();
  await consumer.arrived();
  expect(await onlyDelivery()).toMatchObject({
    status: "processing",
    attempts: 1,
    generation: 1,
    claimed_generation: 1,
    next_attempt_at: null,
    lease_token: expect.stringMatching(/^[0-9a-f-]{36}$/),
    lease_until: "2026-11-20T15:07:05.123Z",
  });
  await consumer.release();
  await delivering;
  expect(await onlyDelivery()).toMatchObject({
    status: "completed",
    lease_token: null,
    lease_until: null,
    claimed_generation: null,
    completed_at: "2026-11-20T15:04:05.123Z",
  });
});

test("what is not due yet, done, failed or unknown is not sent", async () => {
  const on = stage();
  const consumer = await receiver({ status: 500 });
  await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
  const { id } = await onlyDelivery();
  await on.invoke([id]);
  expect(await on.invoke([id, 999_999])).toBe("acknowledged");
  on.advance(3.9);
  await on.invoke([id]);
  await on.cron();
  expect(await consumer.requests()).toHaveLength(1);
});

/** A worker stuck in its request: its lease runs out, the cron run rescues the row, a second worker finishes it. */
async function overtaken(on: Stage, slow: Awaited<ReturnType<typeof receiver>>) {
  const first = on.deliver();
  await slow.arrived(1);
  on.advance(LEASE_SECONDS);
  await on.cron();
  expect(await onlyDelivery("channel = 'push' OR event_type = 'ticket.created'")).toMatchObject({
    status: "processing",
  });
  on.advance(0.001);
  await on.cron();
  expect(await onlyDelivery("channel = 'push' OR event_type = 'ticket.created'")).toMatchObject({
    status: "pending",
    attempts: 1,
    lease_token: null,
    last_error: "lease expired",
  });
  const second = on.deliver();
  await slow.arrived(2);
  await second;
  const settled = await traces();
  return {
    settled,
    async finishLate() {
      await slow.release();
      await first;
      await on.deliver();
    },
  };
}

describe("a late finisher changes nothing", () => {
  test.each([200, 410, 500])("when its webhook answers %i after all", async (status) => {
    const on = stage();
    const consumer = await receiver({ hold: true, status }, { status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
    const { settled, finishLate } = await overtaken(on, consumer);
    expect(settled.deliveries).toMatchObject([{ status: "completed", attempts: 2 }]);
    expect(settled.attempts).toMatchObject([{ attempt: 2, http_status: 200 }]);
    await finishLate();
    expect(await traces()).toEqual(settled);
    const requests = await consumer.requests();
    const wireId = `dlv_${settled.deliveries[0]?.id}_1`;
    expect(requests.map((received) => received.headers["webhook-id"])).toEqual([wireId, wireId]);
    expect(requests.map((received) => eventOf(received).id)).toEqual([wireId, wireId]);
  });

  test.each([201, 410, 500])("when its push service answers %i after all", async (status) => {
    const on = stage();
    const service = await receiver({ hold: true, status }, { status: 201 });
    await addDevice(on.app, shop.technician, service.url);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    const { settled, finishLate } = await overtaken(on, service);
    expect(settled.logs).toMatchObject([{ status: "success", http_status: 201, attempt: 2 }]);
    expect(settled.timeline.at(-1)).toMatchObject({ action: "notified" });
    await finishLate();
    expect(await traces()).toEqual(settled);
  });

  test("not even while the second worker is still at it", async () => {
    const on = stage();
    const consumer = await receiver({ hold: true, status: 410 }, { hold: true, status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
    const { id } = await onlyDelivery();
    const first = on.invoke([id]);
    await consumer.arrived(1);
    on.advance(LEASE_SECONDS + 1);
    await on.cron();
    const claimed = on.invoke([id]);
    await consumer.arrived(2);
    const held = await traces();
    expect(held.deliveries).toMatchObject([{ status: "processing", attempts: 2 }]);
    await consumer.release(1);
    await first;
    expect(await traces()).toEqual(held);
    await consumer.release();
    await claimed;
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
    expect(await attemptRows(id)).toMatchObject([{ attempt: 2, http_status: 200 }]);
  });
});

describe("a worker that dies", () => {
  /** Claims the delivery as a worker would, and forgets about it. */
  async function die(on: Stage, id: number): Promise<void> {
    const never = stage({ fetch: () => new Promise(() => undefined) });
    never.advance((on.time() - never.time()) / 1000);
    void never.invoke([id]);
    await until(async () => (await onlyDelivery(`id = ${id}`)).status === "processing");
  }

  test("has used up its try, and the next one continues the schedule", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 }, { status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
    on.lose();
    const { id } = await onlyDelivery();
    await die(on, id);
    on.advance(LEASE_SECONDS + 1);
    await on.cron();
    await on.deliver();
    const retried = await onlyDelivery();
    expect(retried).toMatchObject({ status: "pending", attempts: 2 });
    // The second wait of the schedule: five minutes.
    const wait = (Date.parse(retried.next_attempt_at ?? "") - on.time()) / 1000;
    expect(wait).toBeGreaterThanOrEqual(240);
    expect(wait).toBeLessThanOrEqual(360);
    await on.deliverNext();
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 3 });
    expect((await consumer.requests()).map((received) => eventOf(received).id)).toEqual([`dlv_${id}_1`, `dlv_${id}_1`]);
  });

  test("every time it touches a poisoned delivery leaves it failed in the end, and replayable", async () => {
    const on = stage();
    const consumer = await receiver({ status: 200 });
    await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.technician, { machine_id: shop.machine_id });
    on.lose();
    const { id } = await onlyDelivery();
    for (let death = 1; death <= maxAttempts("webhook"); death++) {
      expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: death - 1 });
      await die(on, id);
      on.advance(LEASE_SECONDS + 1);
      await on.cron();
    }
    expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: 8, last_error: "lease expired" });
    on.lose();
    await on.cron();
    expect(on.held).toEqual([]);
    const retry = { ...send(shop.supervisor), method: "POST" };
    expect((await on.app.request(`/api/deliveries/${id}/retry`, retry)).status).toBe(202);
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });
});
