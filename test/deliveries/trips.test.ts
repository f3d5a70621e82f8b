import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { promisedTrips } from "../db/promised-trips.ts";
import { addCustomer, clearMail, mailbox, newestEmail, postEmail, prefer, receive } from "../emails/mailbox.ts";
import { addDevice } from "../push/device.ts";
import { editCustomer } from "../sync/customers.ts";
import { conforms, open } from "../sync/opened.ts";
import { countedDatabase } from "./counted-database.ts";
import { clearDeliveries, deliveryRows } from "./rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "./shop.ts";
import { type Stage, stage } from "./stage.ts";

// How often a delivery goes to the database: one trip is one call, however many statements are in it.

const DELIVERY = promisedTrips("a delivery");

let shop: Shop;
const { database: DB, take } = countedDatabase(env.DB);
const box = mailbox();
const on = stage({ settings: { DB, EMAIL: box.EMAIL } });

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(async () => {
  await clearDeliveries();
  await clearMail();
  on.lose();
});

/** Delivers what waits now, one invocation each; the trips of each by what it was. */
async function delivered(by: Stage = on) {
  const costs: Record<string, number> = {};
  for (const id of by.lose().flatMap(({ ids }) => ids)) {
    take();
    await by.invoke([id]);
    const { trips } = take();
    const [row] = await deliveryRows(`id = ${id}`);
    costs[`${row?.event_type} by ${row?.channel}: ${row?.status}`] = trips;
  }
  return costs;
}

const ticket = (fields: Record<string, unknown> = {}) =>
  createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, ...fields });

describe("trips of a delivery", () => {
  test("to phones, and to none", async () => {
    for (const answer of [{ status: 201 }, { status: 410 }]) {
      await addDevice(on.app, shop.technician, (await receiver(answer)).url);
    }
    await ticket({ assigned_to: shop.technician.id });
    expect(await delivered()).toEqual({ "ticket.assigned by push: completed": DELIVERY });
    await ticket({ assigned_to: shop.admin.id });
    expect(await delivered()).toEqual({ "ticket.assigned by push: failed": DELIVERY });
  });

  test("to a webhook, whatever it answers", async () => {
    const hook = await receiver({ status: 200 }, { status: 500 }, { status: 410 });
    await addWebhook(on.app, shop.admin, hook.url, ["ticket.created"]);
    for (const status of ["completed", "pending", "failed"]) {
      on.lose();
      await ticket();
      expect(await delivered()).toEqual({ [`ticket.created by webhook: ${status}`]: DELIVERY });
    }
  });

  test("of news for a customer, by e-mail and by another way", async () => {
    const customer_id = await addCustomer(on.app, shop.supervisor, { email: "a@b.example", phone: "+15145550123" });
    await ticket({ customer_id });
    expect(await delivered()).toEqual({ "ticket.received by email: completed": DELIVERY });
    expect(await delivered()).toEqual({ "email.received by email: completed": DELIVERY });
    await addWebhook(on.app, shop.admin, (await receiver({ status: 200 })).url, ["customer.notify"]);
    await prefer(on.app, shop.supervisor, customer_id, { preferred_channel: "sms" });
    await ticket({ customer_id });
    expect(await delivered()).toEqual({ "ticket.received by email: completed": DELIVERY });
    expect(await delivered()).toEqual({ "customer.notify by webhook: completed": DELIVERY });
  });

  test("of an e-mail that somebody wrote", async () => {
    const { ticket_id } = await ticket();
    await postEmail(on.app, shop.supervisor, ticket_id, ["somebody@customer.example"]);
    expect(await delivered()).toEqual({ "email.message by email: completed": DELIVERY });
  });
});

describe("trips of a customer to Stripe", () => {
  afterEach(conforms);

  test("creation, which is noted before it is asked for, change, and removal", async () => {
    const { on: there } = open({ DB });
    const id = await addCustomer(there.app, shop.admin);
    expect(await delivered(there)).toEqual({
      "customer.sync by stripe: completed": promisedTrips("a customer's creation at Stripe"),
    });
    await editCustomer(there.app, shop.admin, id, { name: "Another" });
    expect(await delivered(there)).toEqual({ "customer.sync by stripe: completed": DELIVERY });
  });
});

test("trips of those who get e-mails, and of the minute in which nothing is due", async () => {
  const { pixel, link } = await receive({ ...box, on, shop, ticket: await ticket() });
  const { token } = await newestEmail();
  expect(pixel).toContain(token);
  take();
  await on.app.request(pixel);
  expect(take().trips).toBe(1);
  await on.app.request(link);
  expect(take().trips).toBe(promisedTrips("a read"));
  await on.app.request(link, { method: "POST" });
  expect(take().trips).toBe(promisedTrips("any other write"));
  await on.cron();
  take();
  await on.cron();
  expect(take().trips).toBe(promisedTrips("a minute in which nothing is due"));
});
