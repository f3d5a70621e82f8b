import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { attemptRows, deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { execute, type Person, person, queryAll, send } from "../helpers.ts";
import { addCustomer, clearSync, creations, editCustomer, insertCustomers, links, pauses } from "./customers.ts";
import type { StripeAccount } from "./stripe-account.ts";
import type { Behaviour } from "./stripe-protocol.ts";
import { stripeStage } from "./stripe-stage.ts";

// What becomes of a customer at Stripe, against a stand-in that keeps customers and idempotency keys as Stripe does.

let admin: Person;
let accounts: StripeAccount[] = [];

beforeAll(async () => {
  admin = await person("admin");
});

beforeEach(async () => {
  await clearSync();
  accounts = [];
});

/** A stage whose account is looked at in the end: every request conformed to Stripe's description. */
function open(settings: Record<string, unknown> = {}) {
  const opened = stripeStage(settings);
  accounts.push(opened.stripe);
  return opened;
}

const conforms = async () => {
  for (const account of accounts) expect((await account.report()).faults).toEqual([]);
};

const JEANNE = {
  name: "Jeanne Tremblay",
  company: "Atelier Tremblay",
  email: "jeanne@atelier.example",
  phone: "+15145550123",
  language: "fr" as const,
};

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
    await conforms();
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
    await conforms();
  });

  test("whose company has 200 characters is sent with the 150 that Stripe takes", async () => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, { name: "é".repeat(200), company: "ü".repeat(200) });
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([{ name: "é".repeat(200), business_name: "ü".repeat(150) }]);
    await conforms();
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
    await conforms();
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
    await conforms();
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
    await conforms();
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
    await conforms();
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

describe("an error is dealt with by its class", () => {
  interface Expected {
    status: string;
    error: string | null;
    /** Seconds to the next try, at least. */
    wait?: number;
  }
  const cases: [string, Behaviour, Expected][] = [
    [
      "429",
      { error: { status: 429, code: "rate_limit", headers: { "retry-after": "40" } } },
      { status: "pending", error: "rate limited (rate_limit, req_1)", wait: 40 },
    ],
    [
      "a lock",
      { error: { status: 429, code: "lock_timeout" } },
      { status: "pending", error: "locked (lock_timeout, req_1)", wait: 4 },
    ],
    [
      "a conflict",
      { error: { status: 409, code: "idempotency_key_in_use" } },
      { status: "pending", error: "conflict (idempotency_key_in_use, req_1)", wait: 4 },
    ],
    ["500", { error: { status: 500 } }, { status: "pending", error: "server error (req_1)", wait: 4 }],
    ["a broken connection", { drop: "before" }, { status: "pending", error: "no answer", wait: 4 }],
    [
      "402",
      { error: { status: 402, type: "card_error", code: "card_declined" } },
      { status: "failed", error: "declined (card_declined, req_1)" },
    ],
    [
      "400",
      { error: { status: 400, type: "invalid_request_error", code: "parameter_invalid", param: "phone" } },
      { status: "failed", error: "invalid request: phone (parameter_invalid, req_1)" },
    ],
    [
      "a 400 that may be repeated",
      { error: { status: 400, type: "invalid_request_error", headers: { "stripe-should-retry": "true" } } },
      { status: "pending", error: "refused for now (req_1)" },
    ],
    [
      "names that are none",
      { error: { status: 400, type: "invalid_request_error", code: "<b>x</b>", param: "a b" } },
      { status: "failed", error: "invalid request (req_1)" },
    ],
  ];

  test.each(cases)("%s", async (_, behaviour, expected) => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, JEANNE);
    await stripe.script(behaviour);
    await on.deliver();
    const job = await onlyDelivery();
    expect(job).toMatchObject({ status: expected.status, attempts: 1, last_error: expected.error });
    if (expected.wait) {
      expect(Date.parse(job.next_attempt_at ?? "")).toBeGreaterThanOrEqual(on.time() + expected.wait * 1000);
    }
    expect(await pauses()).toEqual([]);
    // Once what was wrong is over, the job gets through, and there is one customer.
    if (expected.status === "failed") {
      await on.app.request(`/api/deliveries/${job.id}/retry`, { ...send(admin), method: "POST" });
    }
    await on.deliverAll();
    expect(await onlyDelivery()).toMatchObject({ status: "completed", last_error: null });
    expect(await stripe.customers()).toHaveLength(1);
    await conforms();
  });

  test("an address that Stripe refuses names the field, and the corrected one is sent", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, { name: "Jeanne" });
    await execute(`UPDATE customers SET email = 'not an address' WHERE id = ${id}`);
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({
      status: "failed",
      last_error: "invalid request: email (email_invalid, req_1)",
    });
    await editCustomer(on.app, admin, id, { email: "jeanne@atelier.example" });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
    expect(await stripe.customers()).toMatchObject([{ email: "jeanne@atelier.example" }]);
  });

  test("an update that Stripe answered with 500 is repeated under a key that does not bring the 500 back", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await stripe.script({ on: "update", error: { status: 500 } });
    await editCustomer(on.app, admin, id, { name: "Jeanne T." });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1 });
    await on.deliverAll();
    expect(await stripe.customers()).toMatchObject([{ name: "Jeanne T." }]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
  });

  test("nothing that Stripe says in words, and no key, is kept", async () => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ error: { status: 400, type: "invalid_request_error" } });
    await on.deliver();
    const kept = JSON.stringify([await deliveryRows(), await attemptRows(), await creations(), await pauses()]);
    expect(kept).not.toContain("sk_live_secret");
    expect(kept).not.toContain(stripe.key);
  });
});

describe("while Stripe refuses the key", () => {
  const status = async (on: ReturnType<typeof open>["on"]) =>
    (await (await on.app.request("/api/sync", send(admin))).json()) as Record<string, unknown>;

  test.each([
    [401, "authentication"],
    [403, "permission"],
  ] as const)(
    "%i pauses the channel: jobs wait and use up no try, a probe goes on when it works again",
    async (code, reason) => {
      const { on, stripe } = open();
      await stripe.refuse(code);
      for (let i = 0; i < 7; i++) await addCustomer(on.app, admin, { name: `Customer ${i}` });
      await on.deliver();
      const { requests } = await stripe.report();
      expect(requests).toHaveLength(1);
      expect(await deliveryRows("status = 'pending' AND attempts = 0")).toHaveLength(7);
      expect(await pauses()).toMatchObject([{ reason, probe_delivery_id: null }]);
      expect(await status(on)).toMatchObject({
        pending: 7,
        failed: 0,
        paused: { reason, since: "2026-11-20T15:04:05.123Z" },
      });
      const health = await (await on.app.request("/api/deliveries/health", send(admin))).json();
      expect(health).toMatchObject({ paused: [{ channel: "stripe", reason }] });

      // Nothing is even announced until the probe, and that is one job.
      on.advance(60);
      await on.cron();
      expect(on.held).toEqual([]);
      on.advance(240);
      await on.cron();
      expect(on.held).toMatchObject([{ ids: { length: 1 } }]);
      await on.deliver();
      expect((await stripe.report()).requests).toHaveLength(2);
      expect(await deliveryRows("status = 'pending' AND attempts = 0")).toHaveLength(7);

      await stripe.refuse(null);
      on.advance(300);
      await on.cron();
      await on.deliver();
      expect(await pauses()).toEqual([]);
      await on.cron();
      await on.deliver();
      expect(await deliveryRows("status = 'completed' AND attempts = 1")).toHaveLength(7);
      expect(await stripe.customers()).toHaveLength(7);
      expect(await status(on)).toMatchObject({ completed: 7, linked: 7, paused: null });
    },
  );

  test("an operator can go on at once, and is told when it is still refused", async () => {
    const { on, stripe } = open();
    await stripe.refuse(401);
    await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    const resume = () => on.app.request("/api/sync/resume", { ...send(admin), method: "POST" });
    expect(await (await resume()).json()).toMatchObject({ pending: 1, paused: null });
    await on.deliver();
    expect(await status(on)).toMatchObject({ paused: { reason: "authentication" } });
    await stripe.refuse(null);
    expect((await resume()).status).toBe(200);
    await on.deliver();
    expect(await status(on)).toMatchObject({ completed: 1, paused: null });
  });

  test("another key goes on within a minute", async () => {
    const refused = open();
    await refused.stripe.refuse(401);
    await addCustomer(refused.on.app, admin, JEANNE);
    await refused.on.deliver();
    expect(await pauses()).toHaveLength(1);
    const { on, stripe } = open();
    on.advance(60);
    await on.cron();
    await on.deliver();
    expect(await pauses()).toEqual([]);
    expect(await stripe.customers()).toHaveLength(1);
  });

  test("other channels go on", async () => {
    const { on, stripe } = open();
    await stripe.refuse(401);
    await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await execute(
      `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
       VALUES ('webhook', 'webhook:99', 'ticket:1', 'ticket.created', '{}', '2026-11-20T15:00:00.000Z', '', '')`,
    );
    await on.cron();
    await on.deliver();
    expect(await deliveryRows("channel = 'webhook'")).toMatchObject([{ status: "failed", attempts: 1 }]);
  });
});

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
    await conforms();
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

test("a full queue message stays within the connections and statements of one invocation", async () => {
  const { database, take } = countedDatabase(env.DB);
  const { on, stripe } = open({ DB: database });
  for (let i = 0; i < 5; i++) await addCustomer(on.app, admin, { name: `Customer ${i}` });
  on.lose();
  const ids = (await deliveryRows()).map((row) => row.id);
  await stripe.script(
    { on: "create", error: { status: 500, acts: true }, times: 3 },
    { on: "create", delayMs: 50, times: 2 },
  );
  take();
  await on.invoke(ids);
  expect(take().statements).toBeLessThanOrEqual(50);
  on.advance(10);
  await on.invoke(ids);
  expect(take().statements).toBeLessThanOrEqual(50);
  const { customers, peak } = await stripe.report();
  expect(customers).toHaveLength(5);
  expect(peak).toBeGreaterThan(1);
  expect(peak).toBeLessThanOrEqual(6);
});
