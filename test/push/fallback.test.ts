import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, deliveryRows, notices, onlyDelivery, pushLogRows } from "../deliveries/rows.ts";
import { addWebhook, createTicket, eventOf, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { execute, send } from "../helpers.ts";
import { addDevice } from "./device.ts";

// When no phone buzzes the webhooks take over: once per ticket, person and event, whatever is repeated.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

/** An endpoint that listens to the fallback only, and what it got. */
async function listener(on: Stage) {
  const consumer = await receiver();
  await addWebhook(on.app, shop.admin, consumer.url, ["notification.fallback"]);
  return { events: async () => (await consumer.requests()).map(eventOf) };
}

const assign = (on: Stage, headers = {}) =>
  createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id }, headers);

test("without a device the fallback tells who, about what and why", async () => {
  const on = stage();
  const { events } = await listener(on);
  const ticket = await assign(on);
  await on.deliver();
  const [event, ...more] = await events();
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    type: "notification.fallback",
    timestamp: "2026-11-20T15:04:05.123Z",
    data: {
      ticket: {
        id: ticket.id,
        ticket_id: ticket.ticket_id,
        title: "Spindle vibrates",
        assigned_to: shop.technician.id,
      },
      machine: { id: shop.machine_id, name: "Haas VF-2" },
      user: { id: shop.technician.id, name: "Tara Technician" },
      event: "ticket.assigned",
      reason: "no_device",
    },
  });
  expect(await pushLogRows()).toEqual([
    {
      delivery_id: (await onlyDelivery("channel = 'push'")).id,
      ticket_id: ticket.id,
      user_id: shop.technician.id,
      subscription_id: null,
      status: "no_device",
      http_status: null,
      error_message: null,
      attempt: 1,
    },
  ]);
  expect(await notices(ticket.id)).toEqual([{ action: "notification_failed", comment: "no_device" }]);
  expect(await onlyDelivery("channel = 'push'")).toMatchObject({ status: "failed", last_error: "no_device" });
});

test.each([
  { statuses: [404, 410], reason: "all_expired" },
  { statuses: [401, 403], reason: "all_failed" },
  { statuses: [410, 403], reason: "all_failed" },
])("devices that answer $statuses give the reason $reason", async ({ statuses, reason }) => {
  const on = stage();
  const { events } = await listener(on);
  for (const status of statuses) await addDevice(on.app, shop.technician, (await receiver({ status })).url);
  const ticket = await assign(on);
  await on.deliverAll();
  expect((await events()).map(({ data }) => data.reason)).toEqual([reason]);
  expect(await notices(ticket.id)).toEqual([{ action: "notification_failed", comment: reason }]);
});

test("one reached phone is enough: no fallback", async () => {
  const on = stage();
  const { events } = await listener(on);
  for (const status of [201, 410, 403]) await addDevice(on.app, shop.technician, (await receiver({ status })).url);
  const ticket = await assign(on);
  await on.deliverAll();
  expect(await events()).toEqual([]);
  expect(await notices(ticket.id)).toEqual([{ action: "notified", comment: null }]);
});

test("a phone reached by a later try has had its fallback by then, and gets no second one", async () => {
  const on = stage();
  const { events } = await listener(on);
  await addDevice(on.app, shop.technician, (await receiver({ status: 500 }, { status: 503 }, { status: 201 })).url);
  const ticket = await assign(on);
  await on.deliverAll();
  expect((await events()).map(({ data }) => data.reason)).toEqual(["all_failed"]);
  expect(await notices(ticket.id)).toEqual([
    { action: "notification_failed", comment: "all_failed" },
    { action: "notified", comment: null },
  ]);
});

test("a phone that never answers well gets one fallback over all its tries", async () => {
  const on = stage();
  const { events } = await listener(on);
  const phone = await receiver({ status: 500 });
  await addDevice(on.app, shop.technician, phone.url);
  const ticket = await assign(on);
  await on.deliverAll();
  expect((await phone.requests()).length).toBeGreaterThanOrEqual(6);
  expect(await events()).toHaveLength(1);
  expect(await notices(ticket.id)).toEqual([{ action: "notification_failed", comment: "all_failed" }]);
  expect(await onlyDelivery("channel = 'push'")).toMatchObject({ status: "failed", next_attempt_at: null });
});

test("a push that nobody could send within its time to live gives the reason too_late, once", async () => {
  const on = stage();
  const { events } = await listener(on);
  const phone = await receiver({ status: 201 });
  await addDevice(on.app, shop.technician, phone.url);
  const ticket = await assign(on);
  on.lose();
  on.advance(6 * 60 * 60 + 1);
  await on.cron();
  await on.deliverAll();
  const { id } = await onlyDelivery("channel = 'push'");
  await on.app.request(`/api/deliveries/${id}/retry`, { ...send(shop.supervisor), method: "POST" });
  await on.deliverAll();
  expect(await phone.requests()).toEqual([]);
  expect((await events()).map(({ data }) => data.reason)).toEqual(["too_late"]);
  expect(await notices(ticket.id)).toEqual([{ action: "notification_failed", comment: "too_late" }]);
});

test("a technician who was disabled after the assignment is nobody to reach: fallback", async () => {
  const on = stage();
  const { events } = await listener(on);
  const phone = await receiver({ status: 201 });
  await addDevice(on.app, shop.technician, phone.url);
  const ticket = await assign(on);
  await execute(`UPDATE users SET active = 0 WHERE id = ${shop.technician.id}`);
  try {
    await on.deliverAll();
  } finally {
    await execute(`UPDATE users SET active = 1 WHERE id = ${shop.technician.id}`);
  }
  expect(await phone.requests()).toEqual([]);
  expect(await events()).toHaveLength(1);
  expect((await notices(ticket.id)).map(({ action }) => action)).toEqual(["notification_failed"]);
});

describe("never two fallbacks", () => {
  const replays: [string, (on: Stage) => Promise<void>][] = [
    [
      "a queue message that comes twice",
      async (on) => {
        const { id } = await onlyDelivery("channel = 'push'");
        await Promise.all([on.invoke([id]), on.invoke([id]), on.invoke([id, id])]);
      },
    ],
    ["two cron runs at once", async (on) => void (await Promise.all([on.cron(), on.cron()]))],
    [
      "a retry by hand",
      async (on) => {
        const { id } = await onlyDelivery("channel = 'push'");
        const request = { ...send(shop.supervisor), method: "POST" };
        expect((await on.app.request(`/api/deliveries/${id}/retry`, request)).status).toBe(202);
      },
    ],
    [
      "a request that is sent again under its idempotency key",
      async (on) => void (await assign(on, { "idempotency-key": "same" })),
    ],
  ];

  test.each(replays)("%s", async (_, replay) => {
    await execute("DELETE FROM idempotency_keys");
    const on = stage();
    const { events } = await listener(on);
    const ticket = await assign(on, { "idempotency-key": "same" });
    await replay(on);
    await on.deliverAll();
    await replay(on);
    await on.deliverAll();
    expect(await events()).toHaveLength(1);
    expect(await notices(ticket.id)).toEqual([{ action: "notification_failed", comment: "no_device" }]);
    expect(await deliveryRows("event_type = 'notification.fallback'")).toHaveLength(1);
  });

  test("but each ticket has its own, and each endpoint that listens gets it", async () => {
    const on = stage();
    const first = await listener(on);
    const second = await listener(on);
    const deaf = await receiver();
    await addWebhook(on.app, shop.admin, deaf.url, ["ticket.deleted"]);
    const tickets = [await assign(on), await assign(on)].map(({ id }) => id);
    await on.deliverAll();
    for (const { events } of [first, second]) {
      expect((await events()).map(({ data }) => data.ticket?.id)).toEqual(tickets);
    }
    expect(await deaf.requests()).toEqual([]);
  });
});
