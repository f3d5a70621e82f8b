import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { fallingAsleep } from "../deliveries/sleeping-database.ts";
import { type Person, person, queryAll, send } from "../helpers.ts";
import { addCustomer, clearSync, creations, insertCustomers, links } from "./customers.ts";
import { conforms, JEANNE, open } from "./opened.ts";
import type { StripeAccount } from "./stripe-account.ts";

// What becomes at Stripe of a customer who is erased or removed here, against the stand-in.

let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

beforeEach(clearSync);
afterEach(conforms);

describe("a customer who is erased here is deleted there", () => {
  const erase = async (on: ReturnType<typeof open>["on"], id: number) =>
    expect((await on.app.request(`/api/customers/${id}?erase=true`, send(admin, undefined, {}, "DELETE"))).status).toBe(
      204,
    );
  const gone = async (stripe: StripeAccount) => {
    expect(await stripe.customers()).toEqual([]);
    expect(await links()).toEqual([]);
    expect(await creations()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  };

  test("after it was synced", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await erase(on, id);
    await on.deliver();
    await gone(stripe);
    expect(await stripe.operations()).toEqual(["create", "delete"]);
  });

  test("also when a person at Stripe was faster", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await stripe.remove((await links())[0]?.remote_id ?? "");
    await erase(on, id);
    await on.deliver();
    await gone(stripe);
  });

  test("while a sync is at work", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ on: "create", hold: true });
    const working = on.deliver();
    await stripe.arrived();
    await erase(on, id);
    expect(JSON.stringify(await creations())).not.toContain("jeanne");
    await stripe.release();
    await working;
    await on.deliver();
    await gone(stripe);
    expect(await stripe.operations()).toEqual(["create", "delete"]);
  });

  test("after a try whose outcome nobody knows", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ on: "create", drop: "after" });
    await on.deliver();
    await erase(on, id);
    // The request that was given up could still be at work: what is not there yet is no proof.
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1 });
    await on.deliverAll();
    await gone(stripe);
  });

  test("and does not come back by a worker that read it before and fell asleep", async () => {
    const sleeper = fallingAsleep("INTO stripe_creations");
    const { on, stripe } = open({ DB: sleeper.database });
    const id = await addCustomer(on.app, admin, JEANNE);
    const late = on.invoke([(await onlyDelivery()).id]);
    await sleeper.asleep;
    await erase(on, id);
    on.lose();
    on.advance(181);
    await on.cron();
    await on.deliver();
    await gone(stripe);
    sleeper.wake();
    await late;
    await gone(stripe);
    expect(await stripe.operations()).toEqual([]);
  });

  test("when it is removed because no ticket names it", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    expect((await on.app.request(`/api/customers/${id}`, send(admin, undefined, {}, "DELETE"))).status).toBe(204);
    await on.deliver();
    await gone(stripe);
  });

  test("and one who was never sent asks nothing of Stripe", async () => {
    const { on, stripe } = open();
    await insertCustomers(1);
    const [customer] = await queryAll<{ id: number }>("SELECT id FROM customers");
    await erase(on, customer?.id ?? 0);
    expect(await deliveryRows()).toEqual([]);
    expect(await stripe.operations()).toEqual([]);
  });
});
