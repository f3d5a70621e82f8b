import { beforeAll, beforeEach, expect, test } from "vitest";
import { enqueue } from "../../src/deliveries/outbox.ts";
import { clearDeliveries, notices, onlyDelivery, pushLogRows } from "../deliveries/rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { send } from "../helpers.ts";
import { addDevice } from "./device.ts";

// POST /api/deliveries/:id/retry of a push: once more, but never again to a phone that already has it.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const assign = (on: Stage) =>
  createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });

async function replay(on: Stage): Promise<void> {
  const { id } = await onlyDelivery();
  const request = { ...send(shop.supervisor), method: "POST" };
  expect((await on.app.request(`/api/deliveries/${id}/retry`, request)).status).toBe(202);
  await on.deliver();
}

test("a phone that registers after the failure gets the replay", async () => {
  const on = stage();
  const ticket = await assign(on);
  await on.deliver();
  const phone = await receiver({ status: 201 });
  await addDevice(on.app, shop.technician, phone.url);
  await replay(on);
  expect(await phone.requests()).toHaveLength(1);
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  expect((await notices(ticket.id)).map(({ action }) => action)).toEqual(["notification_failed", "notified"]);
});

test("a phone that has the message does not get it again", async () => {
  const on = stage();
  const phone = await receiver({ status: 201 });
  const { id } = await addDevice(on.app, shop.technician, phone.url);
  const ticket = await assign(on);
  await on.deliver();
  await replay(on);
  expect(await phone.requests()).toHaveLength(1);
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  expect(await notices(ticket.id)).toEqual([{ action: "notified", comment: null }]);
  // The log says what became of each phone; it must not deny the one that there is.
  expect(await pushLogRows()).toMatchObject([{ subscription_id: id, status: "success" }]);
});

test.each([401, 403])("a push that was refused with %i can be replayed once the fault is mended", async (status) => {
  const on = stage();
  const phone = await receiver({ status }, { status: 201 });
  const { id } = await addDevice(on.app, shop.technician, phone.url);
  const ticket = await assign(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "failed" });
  await replay(on);
  expect(await phone.requests()).toHaveLength(2);
  expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  expect((await pushLogRows()).map((log) => [log.subscription_id, log.status])).toEqual([
    [id, "failed"],
    [id, "success"],
  ]);
  expect((await notices(ticket.id)).map(({ action }) => action)).toEqual(["notification_failed", "notified"]);
});

/** The same notification with newer data, as a second change of its ticket enqueues it. */
async function renew(on: Stage, title: string): Promise<void> {
  const newer = `SELECT channel, target, subject, event_type, json_set(payload, '$.ticket.title', ?) AS payload
    FROM deliveries WHERE channel = 'push'`;
  await on.context.env.DB.batch([enqueue(on.context, newer, [title])]);
  await on.cron();
  await on.deliver();
}

test("a newer notification reaches phones that have the older one too, under another id", async () => {
  const on = stage();
  const phone = await receiver({ status: 201 });
  const { decrypt } = await addDevice(on.app, shop.technician, phone.url);
  await assign(on);
  await on.deliver();
  await renew(on, "Spindle on fire");
  const { id } = await onlyDelivery();
  expect((await phone.requests()).map((received) => JSON.parse(decrypt(received)) as unknown)).toMatchObject([
    { id: `dlv_${id}_1`, body: "[MEDIUM] Spindle vibrates" },
    { id: `dlv_${id}_2`, body: "[MEDIUM] Spindle on fire" },
  ]);
  expect((await pushLogRows()).map((log) => [log.status, log.attempt])).toEqual([
    ["success", 1],
    ["success", 1],
  ]);
});

test("a newer notification that reaches nobody makes no second fallback", async () => {
  const on = stage();
  const consumer = await receiver();
  await addWebhook(on.app, shop.admin, consumer.url, ["notification.fallback"]);
  await assign(on);
  await on.deliver();
  await renew(on, "Spindle on fire");
  expect(await consumer.requests()).toHaveLength(1);
});

test("a phone that is removed before its retry leaves the delivery done and no false entry in the log", async () => {
  const on = stage();
  const reached = await addDevice(on.app, shop.technician, (await receiver({ status: 201 })).url);
  const flaky = await addDevice(on.app, shop.technician, (await receiver({ status: 500 })).url);
  await assign(on);
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "pending" });
  await on.app.request(`/api/push/subscriptions/${flaky.id}`, send(shop.technician, undefined, {}, "DELETE"));
  await on.deliverNext();
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
  expect((await pushLogRows()).map((log) => [log.subscription_id, log.status])).toEqual([
    [reached.id, "success"],
    [flaky.id, "failed"],
  ]);
});

test("a phone handed over before its retry does not get the first user's ticket", async () => {
  const on = stage();
  const phone = await receiver({ status: 500 }, { status: 201 });
  await addDevice(on.app, shop.technician, phone.url);
  await assign(on);
  await on.deliver();
  await addDevice(on.app, shop.supervisor, phone.url);
  await on.deliverAll();
  expect(await phone.requests()).toHaveLength(1);
  expect(await onlyDelivery()).toMatchObject({ status: "failed" });
});
