import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isTransient, isUniqueViolation, unavailability } from "../../src/db/errors.ts";
import { machine_types } from "../../src/db/schema.ts";
import { type Shop, setUpShop } from "../deliveries/shop.ts";
import {
  bindings,
  PASSWORD,
  type Person,
  person,
  queryAll,
  recordedSleep,
  rowCounts,
  send,
  startApp,
} from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";
import { UNAVAILABLE, unavailableAt } from "./unavailable.ts";

// A database that is out of reach, busy or full is said to be so, with the moment to try again.

const BUSY = "D1_ERROR: D1 DB is overloaded. Requests queued for too long.";
let shop: Shop;
let ticket: string;

beforeAll(async () => {
  shop = await setUpShop();
});
beforeEach(async () => {
  const init = send(shop.admin, { title: "Spindle vibrates", machine_id: shop.machine_id });
  const response = await startApp().request("/api/tickets", init);
  ticket = ((await response.json()) as { ticket: { ticket_id: string } }).ticket.ticket_id;
});

test.each(UNAVAILABLE)("'%s' is 503, to be tried again after %s s", async (message, seconds) => {
  const { sleep } = recordedSleep();
  const { database: DB } = unavailableAt(1, message);
  const admin = await person("admin");
  const response = await startApp({ sleep }, bindings({ DB })).request("/api/tickets", send(admin));
  expect(response.headers.get("retry-after")).toBe(seconds);
  await expectProblem(response, 503, "database_unavailable");
  expect(
    unavailability(new Error("outer", { cause: new Error("inner", { cause: new Error(message) }) })),
  ).not.toBeNull();
});

test.each([
  "D1_ERROR: no such table: tickets: SQLITE_ERROR",
  "D1_ERROR: CHECK constraint failed: x: SQLITE_CONSTRAINT",
])("'%s' stays a fault of ours", async (message) => {
  const { database: DB } = unavailableAt(1, message);
  const admin = await person("admin");
  const response = await startApp({}, bindings({ DB })).request("/api/tickets", send(admin));
  await expectProblem(response, 500, "internal_error");
  expect(response.headers.has("retry-after")).toBe(false);
});

test("what somebody has typed is not taken for the database's words", async () => {
  const typed = `${BUSY} SQLITE_FULL Network connection lost UNIQUE constraint failed: machine_types.code: `;
  const row = { id: 99, code: "cnc", name: typed, created_at: typed, updated_at: typed };
  const error = await Promise.resolve(drizzle(env.DB).insert(machine_types).values(row)).catch((thrown) => thrown);
  expect(String(error.message)).toContain(typed);
  expect(isTransient(error)).toBe(false);
  expect(unavailability(error)).toBeNull();
  expect(isUniqueViolation(error, "machine_types.code")).toBe(false);
});

const apiKey = async (): Promise<string> => {
  const response = await startApp().request(
    "/api/api-keys",
    send(shop.admin, { name: "integration", user_id: shop.admin.id }),
  );
  expect(response.status).toBe(201);
  const key = /"key":"([^"]+)"/.exec(await response.text())?.[1] ?? "";
  // In use: what notes that is no trip of a request.
  expect((await startApp().request("/api/me", { headers: { "x-api-key": key } })).status).toBe(200);
  return key;
};

describe.each<[string, (by: Person) => [path: string, init: RequestInit] | Promise<[string, RequestInit]>]>([
  ["a list", (by) => ["/api/tickets", send(by)]],
  ["one ticket", (by) => [`/api/tickets/${ticket}`, send(by)]],
  ["a creation", (by) => ["/api/tickets", send(by, { title: "Alarm", machine_id: shop.machine_id })]],
  [
    "a creation with a key",
    (by) => {
      const input = { title: "Alarm", machine_id: shop.machine_id };
      return ["/api/tickets", send(by, input, { "idempotency-key": crypto.randomUUID() })];
    },
  ],
  ["a change", (by) => [`/api/tickets/${ticket}`, send(by, { title: "Spindle hums" }, {}, "PATCH")]],
  ["a comment", (by) => [`/api/tickets/${ticket}/comments`, send(by, { body: "On it" })]],
  ["a deletion", (by) => [`/api/tickets/${ticket}`, send(by, undefined, {}, "DELETE")]],
  [
    "an account",
    (by) => [
      "/api/users",
      send(by, { name: "New", email: `${crypto.randomUUID()}@x.example`, password: PASSWORD, role: "operator" }),
    ],
  ],
  ["a customer", (by) => ["/api/customers", send(by, { name: "Jeanne", email: "jeanne@x.example" })]],
  [
    "a device",
    (by) => [
      "/api/push/subscriptions",
      send(by, { subscription: { endpoint: "https://fcm.googleapis.com/x", keys: subscriptionKeys().keys } }),
    ],
  ],
  ["a sign-in", (by) => ["/api/auth/sign-in/email", send(null, { email: by.email, password: PASSWORD })]],
  ["a session", (by) => ["/api/auth/get-session", send(by)]],
  ["an API key", async () => ["/api/tickets", send(null, undefined, { "x-api-key": await apiKey() })]],
])("%s", (name, request) => {
  test("answers 503 whichever of its trips meets a busy database, and asks for none of them twice", async () => {
    let trip = 1;
    for (let isOver = false; !isOver; trip++) {
      const by = await person("admin");
      const [path, init] = await request(by);
      const before = await rowCounts();
      const { database: DB, trips } = unavailableAt(trip, BUSY);
      const { sleep, waits } = recordedSleep();
      const response = await startApp({ sleep }, bindings({ DB })).request(path, init);
      isOver = trips() < trip;
      if (isOver) {
        expect(response.status).toBeLessThan(300);
        break;
      }
      expect(`trip ${trip}: ${response.status}`).toBe(`trip ${trip}: 503`);
      expect(response.headers.get("retry-after")).toBe("5");
      await expectProblem(response, 503, "database_unavailable");
      expect(waits).toEqual([]);
      if (name.startsWith("a creation")) expect(await rowCounts()).toEqual(before);
    }
    expect(trip).toBeGreaterThan(1);
  });
});

test("nobody is told that they have signed out while their session lives on", async () => {
  for (let trip = 1, trips = () => trip; trips() >= trip; trip++) {
    const by = await person("technician");
    const failing = unavailableAt(trip, BUSY);
    trips = failing.trips;
    const app = startApp({}, bindings({ DB: failing.database }));
    const { status } = await app.request("/api/auth/sign-out", send(by, {}));
    const left = await queryAll("SELECT id FROM sessions WHERE user_id = ?", by.id);
    expect([status, left.length]).toEqual(status === 503 ? [503, expect.any(Number)] : [204, 0]);
  }
});
