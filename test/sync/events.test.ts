import { env } from "cloudflare:workers";
import Stripe from "stripe";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { purgeExpired } from "../../src/retention.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, type Person, person, queryAll, rowCounts, send } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { addCustomer, clearSync, editCustomer, insertCustomers, links } from "./customers.ts";
import { stripeStage } from "./stripe-stage.ts";

// What Stripe tells us at /api/stripe/webhook. Signatures are made by Stripe's own library.

const SECRET = "whsec_a_secret_that_only_stripe_and_we_know";
const PATH = "/api/stripe/webhook";
/** Seconds since 1970. */
const NOW = 1_795_000_000;
let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

beforeEach(clearSync);

const open = () => stage({ settings: { STRIPE_WEBHOOK_SECRET: SECRET } });
type On = ReturnType<typeof open>;

let events = 0;
interface EventFields {
  id?: string;
  type?: string;
  created?: number;
  customer?: string;
  metadata?: Record<string, string> | null;
}

const eventBody = ({ id, type, created, customer, metadata }: EventFields): string =>
  JSON.stringify({
    id: id ?? `evt_${++events}`,
    object: "event",
    type: type ?? "customer.updated",
    created: created ?? NOW,
    livemode: false,
    data: { object: { object: "customer", id: customer ?? "cus_1", metadata: metadata ?? {} } },
  });

const signature = (payload: string, timestamp: number, secret = SECRET) =>
  Stripe.webhooks.generateTestHeaderStringAsync({
    payload,
    secret,
    timestamp,
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  });

async function deliver(on: On, fields: EventFields): Promise<Response> {
  const body = eventBody(fields);
  const header = await signature(body, Math.floor(on.time() / 1000));
  return on.app.request(PATH, { method: "POST", headers: { "stripe-signature": header }, body });
}

const taken = async (response: Response) => {
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ received: true });
};

async function customers(count: number): Promise<number[]> {
  await insertCustomers(count);
  return (await queryAll<{ id: number }>("SELECT id FROM customers ORDER BY id")).map(({ id }) => id);
}

const linkTo = (id: number, remote: string) =>
  execute(
    `INSERT INTO external_links (kind, local_id, remote_id, linked_at) VALUES ('stripe_customer', ${id}, '${remote}', '2026')`,
  );

describe("a request that is not Stripe's", () => {
  const body = eventBody({ type: "customer.deleted" });
  const refused = async (on: On, headers: Record<string, string>, sent: string) => {
    const before = await rowCounts();
    await expectProblem(
      await on.app.request(PATH, { method: "POST", headers, body: sent }),
      400,
      "stripe_signature_invalid",
    );
    expect(await rowCounts()).toEqual(before);
  };

  test("is refused without a signature, with another secret's, over another body, or with an old one", async () => {
    const on = open();
    const [id = 0] = await customers(1);
    await linkTo(id, "cus_1");
    const now = Math.floor(on.time() / 1000);
    await refused(on, {}, body);
    await refused(on, { "stripe-signature": "" }, body);
    await refused(on, { "stripe-signature": "t=1,v1=00" }, body);
    await refused(on, { "stripe-signature": await signature(body, now, "whsec_another") }, body);
    await refused(on, { "stripe-signature": await signature(body, now) }, `${body} `);
    await refused(on, { "stripe-signature": await signature(body, now - 301) }, body);
    await refused(on, { "stripe-signature": await signature("", now) }, "");
    await refused(on, { "stripe-signature": await signature("not JSON", now) }, "not JSON");
    expect(await links()).toHaveLength(1);
    await taken(
      await on.app.request(PATH, {
        method: "POST",
        headers: { "stripe-signature": await signature(body, now - 299) },
        body,
      }),
    );
    expect(await links()).toEqual([]);
  });

  test("is not read beyond 256 KiB", async () => {
    const on = open();
    const large = "x".repeat(256 * 1024 + 1);
    const headers = { "stripe-signature": await signature(large, Math.floor(on.time() / 1000)) };
    await expectProblem(await on.app.request(PATH, { method: "POST", headers, body: large }), 413, "payload_too_large");
  });

  test("is 503 while there is no secret, whatever it holds", async () => {
    const on = stage();
    const problem = await expectProblem(await deliver(on, {}), 503, "stripe_not_configured");
    expect(problem.detail).toContain("STRIPE_WEBHOOK_SECRET");
    expect(await queryAll("SELECT * FROM stripe_events")).toEqual([]);
  });
});

test("an event takes effect once, however often and however concurrently it is sent", async () => {
  const on = open();
  const [id = 0] = await customers(1);
  const event = { id: "evt_once", type: "customer.deleted" };
  await linkTo(id, "cus_1");
  await Promise.all(Array.from({ length: 5 }, async () => taken(await deliver(on, event))));
  expect(await links()).toEqual([]);
  // It is linked again since; a late repeat says nothing about that.
  await linkTo(id, "cus_1");
  await taken(await deliver(on, event));
  expect(await links()).toHaveLength(1);
  expect(await queryAll("SELECT id, type, object_id FROM stripe_events")).toEqual([
    { id: "evt_once", type: "customer.deleted", object_id: "cus_1" },
  ]);
});

test("events about other things, and of other shapes, are taken and change nothing", async () => {
  const on = open();
  const [id = 0] = await customers(1);
  await linkTo(id, "cus_1");
  await taken(await deliver(on, { type: "invoice.paid" }));
  await taken(await deliver(on, { type: "customer.deleted", customer: "cus_of_another_application" }));
  await taken(await deliver(on, { metadata: { customer_id: "first" }, customer: "cus_2" }));
  await taken(await deliver(on, { metadata: { customer_id: "999999" }, customer: "cus_2" }));
  await taken(await deliver(on, { metadata: null, customer: "cus_1" }));
  const odd = JSON.stringify({ object: "event", id: 5 });
  const headers = { "stripe-signature": await signature(odd, Math.floor(on.time() / 1000)) };
  await taken(await on.app.request(PATH, { method: "POST", headers, body: odd }));
  expect(await links()).toEqual([{ local_id: id, remote_id: "cus_1" }]);
});

describe("customer.updated", () => {
  test("links the customer that its metadata names", async () => {
    const on = open();
    const [id = 0] = await customers(1);
    await taken(await deliver(on, { metadata: { customer_id: String(id) } }));
    expect(await links()).toEqual([{ local_id: id, remote_id: "cus_1" }]);
  });

  test("does not take a customer away from another one at Stripe", async () => {
    const on = open();
    const [id = 0] = await customers(1);
    await linkTo(id, "cus_first");
    await taken(await deliver(on, { customer: "cus_second", metadata: { customer_id: String(id) } }));
    expect(await links()).toEqual([{ local_id: id, remote_id: "cus_first" }]);
  });

  test("follows metadata that were moved to another customer", async () => {
    const on = open();
    const [a = 0, b = 0] = await customers(2);
    await linkTo(a, "cus_1");
    await taken(await deliver(on, { metadata: { customer_id: String(b) } }));
    expect(await links()).toEqual([{ local_id: b, remote_id: "cus_1" }]);
  });

  test.each([
    ["nobody has", async () => 999_999],
    ["belong to somebody with a customer of their own there", async (other: number) => other],
    [
      "belong to somebody who was erased",
      async (other: number) => {
        await execute("DELETE FROM external_links WHERE remote_id = 'cus_2'");
        await execute(`UPDATE customers SET erased_at = '2026-01-01' WHERE id = ${other}`);
        return other;
      },
    ],
  ])("with metadata that %s takes no customer's link away", async (_, named) => {
    const on = open();
    const [a = 0, b = 0] = await customers(2);
    await linkTo(a, "cus_1");
    await linkTo(b, "cus_2");
    await taken(await deliver(on, { metadata: { customer_id: String(await named(b)) } }));
    expect(await links()).toContainEqual({ local_id: a, remote_id: "cus_1" });
  });

  test("links nobody who was erased", async () => {
    const on = open();
    const [id = 0] = await customers(1);
    await execute(`UPDATE customers SET erased_at = '2026-01-01' WHERE id = ${id}`);
    await taken(await deliver(on, { metadata: { customer_id: String(id) } }));
    expect(await links()).toEqual([]);
  });

  test("that comes late says nothing: neither after a newer one nor after the deletion", async () => {
    const on = open();
    const [a = 0, b = 0] = await customers(2);
    await taken(await deliver(on, { created: NOW + 200, metadata: { customer_id: String(a) } }));
    await taken(await deliver(on, { created: NOW + 100, metadata: { customer_id: String(b) } }));
    expect(await links()).toEqual([{ local_id: a, remote_id: "cus_1" }]);
    await taken(
      await deliver(on, { type: "customer.deleted", created: NOW + 300, metadata: { customer_id: String(a) } }),
    );
    await taken(await deliver(on, { created: NOW + 300, metadata: { customer_id: String(a) } }));
    expect(await links()).toEqual([]);
  });

  test("that is dated outside of 2000-2099 says nothing: it would be the newest for ever", async () => {
    const on = open();
    const [id = 0] = await customers(1);
    for (const created of [Date.UTC(2100, 0) / 1000, Number.MAX_SAFE_INTEGER, 0, -1]) {
      await taken(await deliver(on, { created, metadata: { customer_id: String(id) } }));
    }
    expect(await links()).toEqual([]);
    expect(await queryAll("SELECT id FROM stripe_events")).toEqual([]);
  });
});

test("after customer.deleted the next sync makes another customer at Stripe, even within the life of the first key", async () => {
  const { on, stripe } = stripeStage({ STRIPE_WEBHOOK_SECRET: SECRET });
  const id = await addCustomer(on.app, admin, { email: "jeanne@atelier.example" });
  // The answer is lost, the event is not: it brings the link.
  await stripe.script({ on: "create", drop: "after" });
  await on.deliver();
  const [first] = await stripe.customers();
  await taken(await deliver(on, { customer: first?.id, created: NOW + 1, metadata: { customer_id: String(id) } }));
  expect(await links()).toEqual([{ local_id: id, remote_id: first?.id }]);
  await stripe.remove(first?.id ?? "");
  await taken(
    await deliver(on, {
      type: "customer.deleted",
      customer: first?.id,
      created: NOW + 2,
      metadata: { customer_id: String(id) },
    }),
  );
  expect(await links()).toEqual([]);
  await editCustomer(on.app, admin, id, { name: "Still ours" });
  await on.deliverAll();
  const [second, ...others] = await stripe.customers();
  expect(others).toEqual([]);
  expect(second).toMatchObject({ name: "Still ours", metadata: { customer_id: String(id) } });
  expect(await links()).toEqual([{ local_id: id, remote_id: second?.id }]);
});

test("our own deletion and Stripe's word of it agree", async () => {
  const { on, stripe } = stripeStage({ STRIPE_WEBHOOK_SECRET: SECRET });
  const id = await addCustomer(on.app, admin);
  await on.deliver();
  const [link] = await links();
  await on.app.request(`/api/customers/${id}?erase=true`, send(admin, undefined, {}, "DELETE"));
  await on.deliver();
  await taken(
    await deliver(on, { type: "customer.deleted", customer: link?.remote_id, metadata: { customer_id: String(id) } }),
  );
  expect(await stripe.customers()).toEqual([]);
  expect(await links()).toEqual([]);
  expect(on.held).toEqual([]);
});

test("events are forgotten after thirty days", async () => {
  const on = open();
  await taken(await deliver(on, { id: "evt_old" }));
  on.advance(30 * 24 * 60 * 60);
  await taken(await deliver(on, { id: "evt_new" }));
  await purgeExpired(on.context);
  expect(await env.DB.prepare("SELECT COUNT(*) AS n FROM stripe_events").first("n")).toBe(2);
  on.advance(1);
  await purgeExpired(on.context);
  expect(await queryAll("SELECT id FROM stripe_events")).toEqual([{ id: "evt_new" }]);
});
