import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { PROMISED_TRIPS, promisedTrips } from "../db/promised-trips.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, send, startApp } from "../helpers.ts";
import { admin, app, CASES, type Case, next, request } from "./once-cases.ts";
import { ROUTE_CASES, STRIPE_SECRET } from "./route-cases.ts";

// How often each route goes to the database: one trip is one call, however many statements are in it. Measured in a new
// isolate, with an idempotency key where the route takes one.

const { paths } = (await (await app.request("/api/openapi.json")).json()) as { paths: Record<string, object> };
const OPERATIONS = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

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
  "GET /api/machines/by-token/{token}": 1,
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
  "GET /api/changes": 1,
  "GET /api/me/bootstrap": 1,
  "POST /api/tickets/{ref}/attachments": 3,
  "GET /api/tickets/{ref}/attachments": 1,
  "POST /api/tickets/import": 5,
  "GET /api/tickets.csv": 2,
  "GET /api/attachments/{id}": 1,
  "GET /api/attachments/{id}/thumbnail": 1,
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
  "GET /api/changes, none": 1,
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
  expect(Object.keys(ROUTE_CASES).sort()).toEqual(Object.keys(TRIPS).sort());
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
  const one = await ROUTE_CASES[name]?.();
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
