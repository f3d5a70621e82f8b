import { env } from "cloudflare:workers";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { PROMISED_TRIPS, promisedTrips } from "../db/promised-trips.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, machine, PASSWORD, person, send, startApp } from "../helpers.ts";
import {
  admin,
  app,
  CASES,
  type Case,
  machine_id,
  newCustomer,
  newDelivery,
  newTicket,
  newWebhook,
  next,
  post,
  request,
} from "./once-cases.ts";

// How often each route goes to the database: one trip is one call, however many statements are in it. Measured in a new
// isolate, with an idempotency key where the route takes one.

const { paths } = (await (await app.request("/api/openapi.json")).json()) as { paths: Record<string, object> };
const OPERATIONS = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

const at = (path: string) => async (): Promise<Case> => ({ path });
const ofTicket = (rest: string) => async () => ({ path: `/api/tickets/${await newTicket()}${rest}` });
const ofCustomer = (rest: string) => async () => ({ path: `/api/customers/${await newCustomer()}${rest}` });
const STRIPE_SECRET = "whsec_a_secret_that_only_stripe_and_we_know";

/** An event as Stripe signs it. */
async function stripeEvent(): Promise<Case> {
  const payload = JSON.stringify({
    id: `evt_${next()}`,
    type: "customer.updated",
    created: 1_795_000_000,
    data: { object: { id: "cus_1", metadata: { customer_id: String(await newCustomer()) } } },
  });
  const signature = await Stripe.webhooks.generateTestHeaderStringAsync({
    payload,
    secret: STRIPE_SECRET,
    cryptoProvider: Stripe.createSubtleCryptoProvider(),
  });
  return { path: "/api/stripe/webhook", body: JSON.parse(payload), headers: { "stripe-signature": signature } };
}

const ofMachine = (rest: string) => async () => ({ path: `/api/machines/${machine_id}${rest}` });

/** What an operation that honours a key has made. */
async function made<T>(operation: string): Promise<T> {
  const one = (await CASES[operation]?.()) as Case;
  return (await (await request(operation, one, one.body, `made-${next()}`)).json()) as T;
}

/** A request of each operation that takes no key; of lists the second page, where there is one. */
const MORE: Record<string, () => Promise<Case>> = {
  "GET /api/health": at("/api/health"),
  "GET /api/auth/get-session": at("/api/auth/get-session"),
  "POST /api/auth/sign-in/email": async () => {
    const { email } = await person("operator");
    return { path: "/api/auth/sign-in/email", body: { email, password: PASSWORD } };
  },
  "POST /api/auth/sign-out": async () => ({ path: "/api/auth/sign-out", sender: await person("operator") }),
  "GET /api/me": at("/api/me"),
  "GET /api/me/queue": at("/api/me/queue"),
  "GET /api/users": at("/api/users"),
  "GET /api/users/assignable": at("/api/users/assignable"),
  "GET /api/users/{id}": async () => ({ path: `/api/users/${admin.id}` }),
  "GET /api/api-keys": at("/api/api-keys"),
  "DELETE /api/api-keys/{id}": async () => {
    const { api_key } = await made<{ api_key: { id: number } }>("POST /api/api-keys");
    return { path: `/api/api-keys/${api_key.id}` };
  },
  "GET /api/machine-types": at("/api/machine-types"),
  "GET /api/machines": at("/api/machines?q=cnc"),
  "GET /api/machines/{id}": ofMachine(""),
  "DELETE /api/machines/{id}": async () => ({ path: `/api/machines/${await machine("CNC")}` }),
  "GET /api/machines/{id}/timeline": ofMachine("/timeline"),
  "GET /api/machines/{id}/qr.svg": ofMachine("/qr.svg"),
  "GET /api/machines/{id}/tickets": ofMachine("/tickets"),
  "GET /api/tickets": at("/api/tickets"),
  "GET /api/tickets/{ref}": ofTicket(""),
  "DELETE /api/tickets/{ref}": ofTicket(""),
  "GET /api/tickets/{ref}/timeline": ofTicket("/timeline"),
  "GET /api/tickets/{ref}/attachments": ofTicket("/attachments"),
  "GET /api/tickets.csv": at("/api/tickets.csv"),
  "GET /api/attachments/{id}": async () => {
    const { attachment } = await made<{ attachment: { id: number } }>("POST /api/tickets/{ref}/attachments");
    return { path: `/api/attachments/${attachment.id}` };
  },
  "GET /api/emails": async () => {
    const one = (await CASES["POST /api/tickets/{ref}/emails"]?.()) as Case;
    const sent = await request("POST /api/tickets/{ref}/emails", one, one.body, `made-${next()}`);
    return { path: sent.headers.get("location") ?? "" };
  },
  "GET /api/customers": at("/api/customers?q=acme"),
  "GET /api/customers/{id}": ofCustomer(""),
  "DELETE /api/customers/{id}": ofCustomer(""),
  "GET /api/customers/{id}/export": ofCustomer("/export"),
  "GET /api/customers/{id}/tickets": ofCustomer("/tickets"),
  "GET /api/customers/{id}/contact-methods": ofCustomer("/contact-methods"),
  "DELETE /api/customers/{id}/contact-methods/{method_id}": async () => {
    const path = `/api/customers/${await newCustomer()}/contact-methods`;
    const { contact_method } = await post<{ contact_method: { id: number } }>(path, {
      kind: "email",
      value: "z@acme.example",
    });
    return { path: `${path}/${contact_method.id}` };
  },
  "GET /api/customers/{id}/contact-preferences": ofCustomer("/contact-preferences"),
  "GET /api/customers/{id}/contact-history": ofCustomer("/contact-history"),
  "GET /api/stats": at("/api/stats"),
  "GET /api/push/vapid-public-key": at("/api/push/vapid-public-key"),
  "GET /api/push/subscriptions": at("/api/push/subscriptions"),
  "DELETE /api/push/subscriptions/{id}": async () => {
    const { subscription } = await made<{ subscription: { id: number } }>("POST /api/push/subscriptions");
    return { path: `/api/push/subscriptions/${subscription.id}` };
  },
  "GET /api/push/logs": at("/api/push/logs"),
  "GET /api/webhooks": at("/api/webhooks"),
  "DELETE /api/webhooks/{id}": async () => ({ path: `/api/webhooks/${await newWebhook()}` }),
  "GET /api/deliveries": at("/api/deliveries"),
  "GET /api/deliveries/health": at("/api/deliveries/health"),
  "GET /api/deliveries/{id}": async () => ({ path: `/api/deliveries/${await newDelivery()}` }),
  "GET /api/sync": at("/api/sync"),
  "POST /api/stripe/webhook": stripeEvent,
  "GET /api/tickets, searched": async () => {
    await post("/api/tickets", { title: "Coolant leaks", machine_id });
    return { path: "/api/tickets?q=coolant" };
  },
  "POST /api/customers/{id}/contact-history, about a ticket": async () => {
    const body = { channel: "phone", direction: "inbound", summary: "Asked", ticket: String(await newTicket()) };
    return { path: `/api/customers/${await newCustomer()}/contact-history`, body };
  },
  "GET /api/me/queue, unchanged": async () => {
    const page = await app.request("/api/me/queue", send(admin));
    return { path: "/api/me/queue", headers: { "if-none-match": page.headers.get("etag") ?? "" } };
  },
};

/** Trips of a request whose token says whose it is, the check of its session among them. */
const TRIPS: Record<string, number> = {
  "GET /api/health": 0,
  "POST /api/auth/sign-in/email": 2,
  "POST /api/auth/sign-out": 1,
  "GET /api/auth/get-session": 1,
  "GET /api/me": 1,
  "PATCH /api/me": 2,
  "GET /api/users": 1,
  "POST /api/users": 1,
  "GET /api/users/assignable": 1,
  "GET /api/users/{id}": 1,
  "PATCH /api/users/{id}": 2,
  "GET /api/api-keys": 1,
  "POST /api/api-keys": 1,
  "DELETE /api/api-keys/{id}": 1,
  "GET /api/machine-types": 1,
  "POST /api/machine-types": 1,
  "PATCH /api/machine-types/{id}": 1,
  "GET /api/machines": 1,
  "POST /api/machines": 1,
  "GET /api/machines/{id}": 1,
  "PATCH /api/machines/{id}": 2,
  "DELETE /api/machines/{id}": 1,
  "GET /api/machines/{id}/timeline": 1,
  "GET /api/machines/{id}/qr.svg": 1,
  "POST /api/tickets": 1,
  "GET /api/tickets": 1,
  "GET /api/tickets/{ref}": 1,
  "PATCH /api/tickets/{ref}": 2,
  "DELETE /api/tickets/{ref}": 2,
  "GET /api/tickets/{ref}/timeline": 1,
  "POST /api/tickets/{ref}/comments": 2,
  "POST /api/tickets/{ref}/acknowledge": 2,
  "GET /api/me/queue": 1,
  "GET /api/machines/{id}/tickets": 1,
  "GET /api/customers": 1,
  "POST /api/customers": 1,
  "GET /api/customers/{id}": 1,
  "PATCH /api/customers/{id}": 2,
  "DELETE /api/customers/{id}": 2,
  "GET /api/customers/{id}/export": 1,
  "GET /api/customers/{id}/contact-methods": 1,
  "POST /api/customers/{id}/contact-methods": 2,
  "DELETE /api/customers/{id}/contact-methods/{method_id}": 2,
  "GET /api/customers/{id}/contact-preferences": 1,
  "PUT /api/customers/{id}/contact-preferences": 2,
  "GET /api/customers/{id}/contact-history": 1,
  "POST /api/customers/{id}/contact-history": 1,
  "GET /api/customers/{id}/tickets": 1,
  "POST /api/customers/{id}/sync": 1,
  "GET /api/stats": 1,
  "POST /api/tickets/{ref}/attachments": 3,
  "GET /api/tickets/{ref}/attachments": 1,
  "POST /api/tickets/import": 5,
  "GET /api/tickets.csv": 2,
  "GET /api/attachments/{id}": 1,
  "POST /api/tickets/{ref}/emails": 2,
  "GET /api/emails": 1,
  "GET /api/push/vapid-public-key": 1,
  "GET /api/push/subscriptions": 1,
  "POST /api/push/subscriptions": 1,
  "DELETE /api/push/subscriptions/{id}": 1,
  "POST /api/push/test": 2,
  "GET /api/push/logs": 1,
  "GET /api/webhooks": 1,
  "POST /api/webhooks": 1,
  "PATCH /api/webhooks/{id}": 1,
  "DELETE /api/webhooks/{id}": 1,
  "POST /api/webhooks/{id}/rotate-secret": 1,
  "POST /api/webhooks/{id}/test": 2,
  "GET /api/deliveries": 1,
  "GET /api/deliveries/health": 1,
  "GET /api/deliveries/{id}": 1,
  "POST /api/deliveries/{id}/retry": 1,
  "POST /api/deliveries/cleanup": 3,
  "GET /api/sync": 1,
  "POST /api/sync/customers": 3,
  "POST /api/sync/resume": 1,
  "POST /api/stripe/webhook": 1,
  // The same with more to do.
  "GET /api/tickets, searched": 2,
  "GET /api/me/queue, unchanged": 1,
  "POST /api/customers/{id}/contact-history, about a ticket": 1,
};

const database = countedDatabase(env.DB);

/** The application in an isolate that has read its settings anew. */
const isolate = () =>
  startApp(
    { fetch: async () => new Response(null, { status: 201 }) },
    bindings({
      DB: database.database,
      STRIPE_SECRET_KEY: "sk_test_trips",
      STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
      DELIVERIES: { send: async () => {}, sendBatch: async () => {} },
    }),
  );

async function trips(name: string, one: Case, key = `trips-${next()}`) {
  database.take();
  const response = await request(name, one, one.body, key, isolate());
  await response.arrayBuffer();
  const isReplay = response.headers.get("idempotency-replayed") === "true";
  return { status: response.status, isReplay, trips: database.take().trips };
}

test("every route has its place in the table", () => {
  expect(
    Object.keys(TRIPS)
      .filter((name) => !name.includes(","))
      .sort(),
  ).toEqual(OPERATIONS.sort());
  expect(Object.keys({ ...CASES, ...MORE }).sort()).toEqual(Object.keys(TRIPS).sort());
});

/** What the contract says of a route: by its name, or as one of its kind. */
function promise(name: string): number {
  const own = PROMISED_TRIPS.get(name);
  if (own !== undefined) return own;
  if (name === "POST /api/tickets") return promisedTrips("a ticket's creation");
  if (name === "GET /api/tickets, searched") return promisedTrips("a search of tickets by q");
  return promisedTrips(name.startsWith("GET ") ? "a read" : "any other write");
}

test("the contract promises these figures", () => {
  const beyond = Object.entries(TRIPS).filter(([name, trips]) => trips > promise(name));
  expect(beyond).toEqual([]);
  // What is an exception there is one here.
  const exceptions = [...PROMISED_TRIPS].filter(([what]) => what.includes(" /"));
  expect(exceptions.length).toBeGreaterThan(0);
  expect(exceptions).toEqual(exceptions.map(([what]) => [what, TRIPS[what]]));
});

test.each(Object.entries(TRIPS))("%s: at most %i", async (name, expected) => {
  const one = await (CASES[name] ?? MORE[name])?.();
  if (!one) throw new Error("no request");
  const { status, trips: made } = await trips(name, one);
  expect(status).toBeLessThan(400);
  expect(made).toBeLessThanOrEqual(expected);
});

test.each(Object.keys(CASES))("%s, repeated: one more at most", async (name) => {
  const one = (await CASES[name]?.()) as Case;
  const key = `repeated-${next()}`;
  await trips(name, one, key);
  // Whoever has changed their own name is looked up anew, once.
  await isolate().request("/api/me", send(one.sender ?? admin));
  const { isReplay, trips: made } = await trips(name, one, key);
  expect(isReplay).toBe(true);
  expect(made).toBeLessThanOrEqual(promise(name) + 1);
});
