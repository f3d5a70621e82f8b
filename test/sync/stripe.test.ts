import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { onlyDelivery } from "../deliveries/rows.ts";
import { fallingAsleep } from "../deliveries/sleeping-database.ts";
import { execute, type Person, person } from "../helpers.ts";
import { addCustomer, clearSync, creations, editCustomer, links } from "./customers.ts";
import { conforms, JEANNE, open } from "./opened.ts";
import type { Behaviour } from "./stripe-protocol.ts";

// What becomes of a customer at Stripe, against a stand-in that keeps customers and idempotency keys as Stripe does. Every
// request of every test conforms to Stripe's description.

let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

beforeEach(clearSync);
afterEach(conforms);

describe("a customer", () => {
  test("is created with all that Stripe is to know, and linked", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    const [customer, ...others] = await stripe.customers();
    expect(others).toEqual([]);
    expect(customer).toMatchObject({
      name: "Jeanne Tremblay",
      business_name: "Atelier Tremblay",
      email: "jeanne@atelier.example",
      phone: "+15145550123",
      preferred_locales: ["fr"],
      metadata: { customer_id: String(id) },
    });
    expect(await links()).toEqual([{ local_id: id, remote_id: customer?.id }]);
    expect(await creations()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1, last_error: null });
    expect(await stripe.operations()).toEqual(["create"]);
  });

  test("is updated when it changes: values that went are taken away there, with another key for each generation", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await editCustomer(on.app, admin, id, {
      name: "Jeanne T.",
      company: null,
      email: null,
      phone: null,
      language: null,
    });
    await on.deliver();
    await editCustomer(on.app, admin, id, { name: "Jeanne Tremblay" });
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([
      { name: "Jeanne Tremblay", business_name: null, email: null, phone: null, preferred_locales: ["en"] },
    ]);
    const { requests } = await stripe.report();
    expect(requests.map(({ operation }) => operation)).toEqual(["create", "update", "update"]);
    expect(new Set(requests.map(({ key }) => key)).size).toBe(3);
  });

  test("whose company has 200 characters is sent with the 150 that Stripe takes", async () => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, { name: "é".repeat(200), company: "ü".repeat(200) });
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([{ name: "é".repeat(200), business_name: "ü".repeat(150) }]);
  });

  test("who was deleted at Stripe gets another customer there at the next change", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    const [first] = await links();
    await stripe.remove(first?.remote_id ?? "");
    await editCustomer(on.app, admin, id, { name: "Jeanne T." });
    await on.deliver();
    const [second, ...others] = await stripe.customers();
    expect(others).toEqual([]);
    expect(second).toMatchObject({ name: "Jeanne T.", metadata: { customer_id: String(id) } });
    expect(await links()).toEqual([{ local_id: id, remote_id: second?.id }]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });

  test("that is edited while its job is at work is sent again, with the newest data", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ on: "create", hold: true });
    const working = on.deliver();
    await stripe.arrived();
    await editCustomer(on.app, admin, id, { name: "Edited meanwhile" });
    await editCustomer(on.app, admin, id, { name: "Edited twice" });
    expect(await onlyDelivery()).toMatchObject({ status: "processing", generation: 3, claimed_generation: 1 });
    await stripe.release();
    await working;
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([{ name: "Edited twice" }]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", generation: 3 });
  });
});

describe("there is never a second one at Stripe", () => {
  const outcomes: [string, Behaviour[]][] = [
    ["the connection breaks after it was made", [{ on: "create", drop: "after" }]],
    ["the connection breaks before it is made", [{ on: "create", drop: "before", times: 2 }]],
    ["it is made and the answer is 500", [{ on: "create", error: { status: 500, acts: true } }]],
    ["it is not made and the answer is 500", [{ on: "create", error: { status: 500 } }]],
    ["it breaks again and again", [{ drop: "after", times: 4 }]],
    ["rate limits come between", [{ drop: "after" }, { error: { status: 429, code: "rate_limit" }, times: 2 }]],
    [
      "the look-up fails too",
      [
        { on: "create", error: { status: 503, acts: true } },
        { on: "list", drop: "before" },
      ],
    ],
  ];

  test.each(outcomes)("when %s", async (_, script) => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await stripe.script(...script);
    await on.deliver();
    // Newer data comes while the outcome of the creation is open: Stripe would refuse it under the same key.
    await editCustomer(on.app, admin, id, { name: "Newer" });
    await on.deliverAll();
    const [customer, ...others] = await stripe.customers();
    expect(others).toEqual([]);
    expect(customer).toMatchObject({ name: "Newer", metadata: { customer_id: String(id) } });
    expect(await links()).toEqual([{ local_id: id, remote_id: customer?.id }]);
    expect(await creations()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });

  test.each([
    ["with an e-mail address", "jeanne@atelier.example"],
    ["without one", null],
  ])("when the first try is a day old and Stripe has forgotten its key, %s", async (_, email) => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, { ...JEANNE, email });
    await stripe.script({ on: "create", drop: "after" });
    await on.deliver();
    on.lose();
    on.advance(25 * 60 * 60);
    await on.cron();
    await on.deliver();
    expect(await stripe.customers()).toHaveLength(1);
    expect(await links()).toMatchObject([{ local_id: id }]);
    expect(await stripe.operations()).toEqual(["create", "list", "update"]);
  });

  test("when more customers came since than lists are read for: the search decides, once it can", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, { ...JEANNE, email: null });
    await stripe.script({ on: "create", error: { status: 500, acts: true } });
    await on.deliver();
    const created = Math.floor(on.time() / 1000);
    await stripe.add(...Array.from({ length: 350 }, () => ({ created, name: "Somebody else" })));
    // The search does not know the new one yet: nothing is made on its word.
    await on.deliverNext();
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 2 });
    expect((await stripe.operations()).slice(1)).toEqual(["list", "list", "list", "search"]);
    await on.deliverAll();
    const ours = (await stripe.customers()).filter(({ metadata }) => metadata.customer_id === String(id));
    expect(ours).toHaveLength(1);
    expect(await links()).toEqual([{ local_id: id, remote_id: ours[0]?.id }]);
  });

  test("when its worker dies in mid-call and another rescues the job", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    const job = await onlyDelivery();
    await stripe.script({ on: "create", hold: true });
    // The first worker never hears the answer before its lease is over.
    const dead = on.invoke([job.id]);
    await stripe.arrived();
    on.lose();
    on.advance(181);
    await on.cron();
    const rescuer = on.cron().then(() => on.deliver());
    await stripe.arrived(2);
    await rescuer;
    await stripe.release();
    await dead;
    await on.deliverAll();
    const [customer, ...others] = await stripe.customers();
    expect(others).toEqual([]);
    expect(await links()).toEqual([{ local_id: id, remote_id: customer?.id }]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
    // The rescuer met the call that was still open, under the same key.
    expect((await stripe.report()).requests.map(({ status }) => status)).toContain(409);
  });

  test("when a worker that fell asleep before it noted the creation wakes up after another did all", async () => {
    const sleeper = fallingAsleep("INTO stripe_creations");
    const { on, stripe } = open({ DB: sleeper.database });
    const id = await addCustomer(on.app, admin, JEANNE);
    const late = on.invoke([(await onlyDelivery()).id]);
    await sleeper.asleep;
    on.lose();
    on.advance(181);
    await on.cron();
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
    sleeper.wake();
    await late;
    expect(await stripe.customers()).toHaveLength(1);
    expect(await links()).toMatchObject([{ local_id: id }]);
    expect(await creations()).toEqual([]);
  });

  test("when newer data reached Stripe, the worker died of it, and a day went by before the next try", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ on: "create", drop: "after" });
    await on.deliver();
    await editCustomer(on.app, admin, id, { email: "newer@atelier.example" });
    await execute(
      "CREATE TRIGGER fail_link BEFORE INSERT ON external_links BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    await on.deliver();
    await execute("DROP TRIGGER fail_link");
    expect(await stripe.customers()).toMatchObject([{ email: "newer@atelier.example" }]);
    on.lose();
    on.advance(25 * 60 * 60);
    await on.cron();
    await on.deliver();
    expect(await stripe.customers()).toHaveLength(1);
    expect(await links()).toMatchObject([{ local_id: id }]);
  });

  test("when the database fails at the end of the try that made it", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await execute(
      "CREATE TRIGGER fail_link BEFORE INSERT ON external_links BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    expect(await on.invoke([(await onlyDelivery()).id])).toBe("returned");
    await execute("DROP TRIGGER fail_link");
    on.advance(181);
    await on.cron();
    await on.cron();
    await on.deliver();
    expect(await stripe.customers()).toHaveLength(1);
    expect(await links()).toMatchObject([{ local_id: id }]);
  });
});
