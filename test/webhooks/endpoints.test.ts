import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WEBHOOK_EVENTS } from "../../src/vocabulary/events.ts";
import { clearDeliveries, deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { addWebhook, createTicket, eventOf, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { queryAll, send } from "../helpers.ts";
import { verifies } from "./verify.ts";

let shop: Shop;
const AT = "2026-11-20T15:04:05.123Z";
const path = "/api/webhooks";

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const shown = {
  id: expect.any(Number),
  url: "https://hooks.example.com/x",
  events: ["ticket.created"],
  description: null,
  active: true,
  disabled_reason: null,
  failing_since: null,
  created_at: AT,
  updated_at: AT,
};
const input = { url: "https://hooks.example.com/x", events: ["ticket.created"] };

describe("adding", () => {
  test("answers with the secret, this once", async () => {
    const { app } = stage();
    const response = await app.request(path, send(shop.admin, input));
    expect(response.status).toBe(201);
    const { webhook } = (await response.json()) as { webhook: { id: number; secret: string } };
    expect(webhook).toEqual({ ...shown, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{32}$/) });
    const list = await app.request(path, send(shop.admin));
    const change = await app.request(`${path}/${webhook.id}`, send(shop.admin, { description: "x" }, {}, "PATCH"));
    for (const text of [await list.text(), await change.text()]) {
      expect(text).toContain('"id"');
      expect(text).not.toContain("whsec_");
      expect(text).not.toContain("secret");
    }
  });

  test("makes a new secret for each endpoint", async () => {
    const { app } = stage();
    const secrets = [];
    for (let i = 0; i < 5; i++) secrets.push((await addWebhook(app, shop.admin, input.url, input.events)).secret);
    expect(new Set(secrets).size).toBe(5);
  });

  test("admits every event, once each, and an endpoint that starts switched off", async () => {
    const { app } = stage();
    const all = [...WEBHOOK_EVENTS, ...WEBHOOK_EVENTS].slice(0, WEBHOOK_EVENTS.length);
    expect(all).toEqual([
      "ticket.created",
      "ticket.updated",
      "ticket.status_changed",
      "ticket.assigned",
      "ticket.commented",
      "ticket.deleted",
      "machine.status_changed",
      "notification.fallback",
      "customer.notify",
    ]);
    const twice = { ...input, events: ["ticket.created", "ticket.created"], active: false, description: " Pabbly " };
    for (const [body, expected] of [
      [{ ...input, events: all }, { events: all }],
      [twice, { events: ["ticket.created"], active: false, description: "Pabbly" }],
    ] as const) {
      const response = await app.request(path, send(shop.admin, body));
      expect(await response.json()).toMatchObject({ webhook: expected });
    }
  });

  test.each([
    ["no address", { events: ["ticket.created"] }],
    ["no events", { url: input.url }],
    ["an empty list of events", { ...input, events: [] }],
    ["an unknown event", { ...input, events: ["ticket.exploded"] }],
    ["an address of 2,001 characters", { ...input, url: `https://hooks.example.com/${"x".repeat(1975)}` }],
    ["a description of 201 characters", { ...input, description: "x".repeat(201) }],
  ])("with %s is refused", async (_, body) => {
    const response = await stage().app.request(path, send(shop.admin, body));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "validation_failed" });
    expect(await queryAll("SELECT id FROM webhook_endpoints")).toEqual([]);
  });
});

test("the list is paged, oldest first, without what was removed", async () => {
  const { app } = stage();
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push((await addWebhook(app, shop.admin, input.url, input.events)).id);
  await app.request(`${path}/${ids[1]}`, send(shop.admin, undefined, {}, "DELETE"));
  const seen = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = cursor && `&cursor=${cursor}`;
    const page: { webhooks: { id: number }[]; next_cursor: string | null } = await ok(
      app.request(`${path}?limit=2${query}`, send(shop.admin)),
    );
    seen.push(...page.webhooks.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(seen).toEqual([ids[0], ids[2], ids[3], ids[4]]);
});

describe("changing", () => {
  test("sets what is named and leaves the rest, the secret included", async () => {
    const { app, advance } = stage();
    const { id } = await addWebhook(app, shop.admin, input.url, input.events);
    const before = await queryAll("SELECT secret FROM webhook_endpoints");
    advance(1);
    const change = (body: Record<string, unknown>) =>
      ok<{ webhook: unknown }>(app.request(`${path}/${id}`, send(shop.admin, body, {}, "PATCH")));
    const updated_at = "2026-11-20T15:04:06.123Z";
    expect(await change({ events: ["ticket.deleted", "ticket.commented"] })).toEqual({
      webhook: { ...shown, id, events: ["ticket.deleted", "ticket.commented"], updated_at },
    });
    expect(await change({ url: "https://hooks.example.com/y", description: "New" })).toMatchObject({
      webhook: {
        url: "https://hooks.example.com/y",
        description: "New",
        events: ["ticket.deleted", "ticket.commented"],
      },
    });
    expect(await change({ description: null, active: false })).toMatchObject({
      webhook: { description: null, active: false, disabled_reason: null },
    });
    expect(await queryAll("SELECT secret FROM webhook_endpoints")).toEqual(before);
  });

  test("cannot set what only the server decides", async () => {
    const { app } = stage();
    const { id } = await addWebhook(app, shop.admin, input.url, input.events);
    const before = await queryAll("SELECT * FROM webhook_endpoints");
    const body = {
      id: 99,
      secret: "whsec_AAAA",
      source: "x",
      failing_since: AT,
      disabled_reason: "gone",
      deleted_at: AT,
    };
    await ok(app.request(`${path}/${id}`, send(shop.admin, body, {}, "PATCH")));
    expect(await queryAll("SELECT * FROM webhook_endpoints")).toEqual(before);
  });

  test("takes effect on what is sent next", async () => {
    const on = stage();
    const [first, second] = [await receiver(), await receiver()];
    const { id } = await addWebhook(on.app, shop.admin, first.url, ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    await on.app.request(`${path}/${id}`, send(shop.admin, { url: second.url }, {}, "PATCH"));
    await on.deliver();
    expect(await first.requests()).toEqual([]);
    expect(await second.requests()).toHaveLength(1);
  });
});

test("removing lets what was on its way fail visibly", async () => {
  const on = stage();
  const consumer = await receiver();
  const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  const response = await on.app.request(`${path}/${id}`, send(shop.admin, undefined, {}, "DELETE"));
  expect(response.status).toBe(204);
  await on.deliver();
  expect(await consumer.requests()).toEqual([]);
  expect(await onlyDelivery()).toMatchObject({ status: "failed", last_error: "endpoint is switched off" });
});

describe("the test event", () => {
  const tryOut = (on: ReturnType<typeof stage>, id: number) =>
    ok(on.app.request(`${path}/${id}/test`, { ...send(shop.admin), method: "POST" }));

  test("is a signed request, and the answer says what the endpoint said", async () => {
    const on = stage();
    const consumer = await receiver({ status: 200, body: "accepted" });
    const { id, secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.deleted"]);
    expect(await tryOut(on, id)).toEqual({ delivered: true, http_status: 200, error: null, response: "accepted" });
    const [received] = await consumer.requests();
    expect(verifies(received, secret, on.time())).toBe(true);
    expect(eventOf(received)).toEqual({
      id: received?.headers["webhook-id"],
      type: "webhook.test",
      timestamp: AT,
      data: {},
    });
    expect(await deliveryRows()).toEqual([]);
  });

  test("reaches an endpoint that is switched off, and changes nothing about it", async () => {
    const on = stage();
    const { id } = await addWebhook(on.app, shop.admin, (await receiver({ status: 410 })).url, ["ticket.created"]);
    await on.app.request(`${path}/${id}`, send(shop.admin, { active: false }, {}, "PATCH"));
    const before = await queryAll("SELECT * FROM webhook_endpoints");
    expect(await tryOut(on, id)).toEqual({ delivered: false, http_status: 410, error: "answered 410", response: "" });
    expect(await queryAll("SELECT * FROM webhook_endpoints")).toEqual(before);
  });

  test("reports an endpoint that nobody answers at", async () => {
    const on = stage();
    const { id } = await addWebhook(on.app, shop.admin, (await receiver({ close: true })).url, ["ticket.created"]);
    expect(await tryOut(on, id)).toEqual({
      delivered: false,
      http_status: null,
      error: "connection failed",
      response: null,
    });
  });
});

test("an unknown or removed endpoint answers 404 everywhere", async () => {
  const { app } = stage();
  const { id } = await addWebhook(app, shop.admin, input.url, input.events);
  await app.request(`${path}/${id}`, send(shop.admin, undefined, {}, "DELETE"));
  for (const gone of [id, 999_999]) {
    for (const [method, suffix] of [
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/rotate-secret"],
      ["POST", "/test"],
    ] as const) {
      const response = await app.request(`${path}/${gone}${suffix}`, send(shop.admin, {}, {}, method));
      expect([method, suffix, response.status]).toEqual([method, suffix, 404]);
      expect(await response.json()).toMatchObject({ code: "webhook_not_found" });
    }
  }
});

test("webhooks are for administrators", async () => {
  const { app } = stage();
  const { id } = await addWebhook(app, shop.admin, input.url, input.events);
  const before = await queryAll("SELECT * FROM webhook_endpoints");
  const routes = [
    ["GET", path],
    ["POST", path],
    ["PATCH", `${path}/${id}`],
    ["DELETE", `${path}/${id}`],
    ["POST", `${path}/${id}/rotate-secret`],
    ["POST", `${path}/${id}/test`],
  ] as const;
  for (const [method, address] of routes) {
    const body = method === "GET" ? undefined : input;
    for (const [by, expected] of [
      [null, 401],
      [shop.technician, 403],
      [shop.supervisor, 403],
    ] as const) {
      const response = await app.request(address, send(by, body, {}, method));
      expect([method, address, response.status]).toEqual([method, address, expected]);
    }
  }
  expect(await queryAll("SELECT * FROM webhook_endpoints")).toEqual(before);
});
