import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { queryAll, send, startApp } from "../helpers.ts";
import { addDevice } from "../push/device.ts";
import { until } from "../receivers/client.ts";
import { attemptRows, clearDeliveries, deliveryRows, onlyDelivery } from "./rows.ts";
import { addWebhook, createTicket, eventOf, ok, receiver, type Shop, setUpShop } from "./shop.ts";

// The whole way over the real queue and the real clock: nothing but the API is touched.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const settled = () =>
  until(async () => {
    const rows = await deliveryRows();
    return rows.every((row) => row.status === "completed") && rows;
  });

test("a created ticket reaches the technician's phone and the webhook", async () => {
  const app = startApp();
  const consumer = await receiver();
  const service = await receiver({ status: 201 });
  await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
  const device = await addDevice(app, shop.technician, service.url);
  const ticket = await createTicket(app, shop.supervisor, {
    machine_id: shop.machine_id,
    assigned_to: shop.technician.id,
  });
  const [event] = await consumer.arrived();
  const [push] = await service.arrived();
  expect(eventOf(event).data.ticket).toMatchObject({ ticket_id: ticket.ticket_id });
  expect(JSON.parse(device.decrypt(push))).toMatchObject({
    data: { ticket_id: ticket.ticket_id },
  });
  expect(await settled()).toHaveLength(2);
  const { timeline } = (
    await ok<{ ticket: { timeline: { action: string; user_name: string }[] } }>(
      app.request(`/api/tickets/${ticket.ticket_id}`, send(shop.technician)),
    )
  ).ticket;
  expect(timeline).toMatchObject([
    { action: "created", user_name: "Samuel Superviseur" },
    { action: "notified", user_name: "Tara Technician" },
  ]);
});

test("a failed try comes again by itself", async () => {
  const app = startApp();
  const consumer = await receiver({ status: 500 }, { status: 200 });
  await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(app, shop.supervisor, { machine_id: shop.machine_id });
  const [first, second] = await consumer.arrived(2);
  await settled();
  const wait = ((second?.at ?? 0) - (first?.at ?? 0)) / 1000;
  expect(wait).toBeGreaterThanOrEqual(4);
  expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect((await attemptRows()).map((row) => [row.attempt, row.http_status])).toEqual([
    [1, 500],
    [2, 200],
  ]);
}, 30_000);

test("a request is answered while every receiver still holds what it was sent", async () => {
  const app = startApp();
  const consumer = await receiver({ hold: true });
  const service = await receiver({ hold: true });
  await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
  await addDevice(app, shop.technician, service.url);
  const fields = { machine_id: shop.machine_id, assigned_to: shop.technician.id };

  await createTicket(app, shop.supervisor, fields);
  // The first ticket is answered; its deliveries are at the receivers, without an answer.
  await consumer.arrived();
  await service.arrived();
  expect((await deliveryRows()).map((row) => row.status)).toEqual(["processing", "processing"]);

  // With everything hanging, another ticket is answered too.
  await createTicket(app, shop.supervisor, fields);
  for (const hanging of [consumer, service]) {
    const { open, requests } = await hanging.report();
    expect(open).toBe(1);
    expect(requests[0]?.state).toBe("open");
  }
  expect((await deliveryRows()).map((row) => row.attempts)).toEqual([1, 1, 0, 0]);

  for (const hanging of [consumer, service]) await hanging.script({ status: 201 });
  for (const hanging of [consumer, service]) await hanging.release();
  expect(await settled()).toHaveLength(4);
});

test("a message about a delivery that is gone is done with", async () => {
  const app = startApp();
  const consumer = await receiver();
  await env.DELIVERIES.sendBatch([{ body: { ids: [999_999] }, contentType: "json" }]);
  await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(app, shop.supervisor, { machine_id: shop.machine_id });
  await consumer.arrived();
  await settled();
  expect(await onlyDelivery()).toMatchObject({ attempts: 1 });
  expect(await queryAll("SELECT 1 FROM delivery_attempts")).toHaveLength(1);
});
