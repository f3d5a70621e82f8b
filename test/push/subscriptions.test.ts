import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries } from "../deliveries/rows.ts";
import { createTicket, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { NIGHTLY, type Stage, stage } from "../deliveries/stage.ts";
import { PASSWORD, type Person, queryAll, send } from "../helpers.ts";
import { addDevice } from "./device.ts";
import { subscriptionKeys } from "./subscription-keys.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

interface Listed {
  subscriptions: { id: number; device_name: string | null; push_service: string; last_used_at: string }[];
  next_cursor: null;
}

const path = "/api/push/subscriptions";
const remove = (id: number, by: Person) => [`${path}/${id}`, send(by, undefined, {}, "DELETE")] as const;

describe("registering", () => {
  test("answers what is shown, and never the endpoint, which is the right to buzz the phone", async () => {
    const { app } = stage();
    const phone = await receiver();
    const input = {
      subscription: { endpoint: phone.url, keys: subscriptionKeys().keys, expirationTime: null },
      device_name: "  Pixel 9  ",
    };
    const response = await app.request(path, send(shop.technician, input));
    expect(response.status).toBe(201);
    const at = "2026-11-20T15:04:05.123Z";
    const shown = {
      id: expect.any(Number),
      device_name: "Pixel 9",
      push_service: new URL(phone.url).host,
      created_at: at,
      last_used_at: at,
    };
    expect(await response.json()).toEqual({ subscription: shown });
    expect(await ok(app.request(path, send(shop.technician)))).toEqual({ subscriptions: [shown], next_cursor: null });
  });

  test.each([
    ["no endpoint", { keys: subscriptionKeys().keys }],
    ["no keys", { endpoint: "https://fcm.googleapis.com/fcm/send/1" }],
  ])("with %s is refused", async (_, subscription) => {
    const response = await stage().app.request(path, send(shop.technician, { subscription }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "validation_failed" });
    expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([]);
  });

  const { keys } = subscriptionKeys();
  const point = Buffer.from(keys.p256dh, "base64url");
  /** The key with some of its bytes replaced. */
  const altered = (at: number, ...bytes: number[]) =>
    Buffer.concat([point.subarray(0, at), Buffer.from(bytes), point.subarray(at + bytes.length)]).toString("base64url");

  test.each([
    ["a short key", { p256dh: "BAAA" }],
    ["an empty key", { p256dh: "" }],
    ["a compressed key", { p256dh: Buffer.from([2, ...point.subarray(1, 33)]).toString("base64url") }],
    ["a key of 65 bytes that says it is compressed", { p256dh: altered(0, 2) }],
    ["a hybrid key", { p256dh: altered(0, 6 + ((point[64] ?? 0) & 1)) }],
    ["a point beside the curve", { p256dh: altered(64, (point[64] ?? 0) ^ 1) }],
    ["a point of nothing but zeros", { p256dh: `B${"A".repeat(86)}` }],
    ["a coordinate beyond the field", { p256dh: altered(1, ...Array(32).fill(0xff)) }],
    ["a key that is no base64url", { p256dh: `${keys.p256dh.slice(0, -1)}!` }],
    ["a short secret", { auth: "AA" }],
    ["a secret of 15 bytes", { auth: "A".repeat(20) }],
    ["a secret of 17 bytes", { auth: "A".repeat(23) }],
    ["a secret that is no base64url", { auth: "A".repeat(21).concat("*") }],
  ])("with %s is refused at once, not after seven tries", async (_, wrong) => {
    const subscription = { endpoint: "https://fcm.googleapis.com/x", keys: { ...keys, ...wrong } };
    const response = await stage().app.request(path, send(shop.technician, { subscription }));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: "subscription_keys_invalid" });
    expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([]);
  });

  test("with padded keys is accepted", async () => {
    const padded = { p256dh: `${keys.p256dh}=`, auth: `${keys.auth}==` };
    const subscription = { endpoint: "https://fcm.googleapis.com/x", keys: padded };
    expect((await stage().app.request(path, send(shop.technician, { subscription }))).status).toBe(201);
  });

  test("again renews the keys and the name, and makes no second device", async () => {
    const { app, advance, deliver } = stage();
    const phone = await receiver({ status: 201 });
    const first = await addDevice(app, shop.technician, phone.url, "Old name");
    advance(60);
    const second = await addDevice(app, shop.technician, phone.url, "New name");
    expect(second.id).toBe(first.id);
    const { subscriptions } = await ok<Listed>(app.request(path, send(shop.technician)));
    expect(subscriptions).toMatchObject([{ id: first.id, device_name: "New name" }]);
    expect(subscriptions[0]?.last_used_at).toBe("2026-11-20T15:05:05.123Z");

    await createTicket(app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    await deliver();
    const [received] = await phone.arrived();
    expect(() => first.decrypt(received)).toThrow();
    expect(second.decrypt(received)).toContain("Spindle vibrates");
  });

  test("twenty times at once makes one device", async () => {
    const { app } = stage();
    const phone = await receiver();
    await Promise.all(Array.from({ length: 20 }, () => addDevice(app, shop.technician, phone.url)));
    expect(await queryAll("SELECT user_id FROM push_subscriptions")).toEqual([{ user_id: shop.technician.id }]);
  });
});

describe("an endpoint that its push service has called gone", () => {
  const DAY = 24 * 60 * 60;
  const again = (on: Stage, endpoint: string, by = shop.technician) =>
    on.app.request(path, send(by, { subscription: { endpoint, keys: subscriptionKeys().keys } }));

  test.each([
    [404, "a notification"],
    [410, "a notification"],
    [410, "a test"],
  ])("with %i to %s is refused for 90 days, from whomever and however spelled", async (status, how) => {
    const on = stage();
    const service = await receiver({ status });
    await addDevice(on.app, shop.technician, service.url);
    if (how === "a test") await on.app.request("/api/push/test", send(shop.technician, {}));
    else {
      await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
      await on.deliver();
    }
    for (const by of [shop.technician, shop.supervisor]) {
      for (const url of [service.url, `${service.url.replace("/to/", "/x/../to/")}#x`]) {
        const response = await again(on, url, by);
        expect(response.status).toBe(409);
        expect(await response.json()).toMatchObject({
          code: "subscription_expired",
          detail: expect.stringMatching(/unsubscribe.*subscribe anew/i),
        });
      }
    }
    expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([]);
    // What is kept is no right to send.
    expect(JSON.stringify(await queryAll("SELECT * FROM expired_push_endpoints"))).not.toContain(service.url);
    expect((await again(on, `${service.url}/new`)).status).toBe(201);

    on.advance(90 * DAY);
    expect((await again(on, service.url)).status).toBe(409);
    await on.cron(NIGHTLY);
    expect((await again(on, service.url)).status).toBe(409);
    on.advance(1);
    expect((await again(on, service.url)).status).toBe(201);
    await on.cron(NIGHTLY);
    expect(await queryAll("SELECT * FROM expired_push_endpoints")).toEqual([]);
  });

  test.each([201, 400, 403, 413, 429, 500])("is none that has answered %i", async (status) => {
    const on = stage();
    const service = await receiver({ status });
    await addDevice(on.app, shop.technician, service.url);
    await on.app.request("/api/push/test", send(shop.technician, {}));
    expect((await again(on, service.url)).status).toBe(201);
    expect(await queryAll("SELECT * FROM expired_push_endpoints")).toEqual([]);
  });
});

test("of more than ten devices the longest unused leaves, and only one's own", async () => {
  const { app, advance } = stage();
  const others = await addDevice(app, shop.supervisor, (await receiver()).url);
  const devices = [];
  for (let i = 0; i < 10; i++) {
    advance(1);
    devices.push(await addDevice(app, shop.technician, (await receiver()).url, `Phone ${i}`));
  }
  advance(1);
  // The oldest is used again, so the second one is the longest unused.
  await addDevice(app, shop.technician, devices[0]?.endpoint ?? "", "Phone 0");
  advance(1);
  const eleventh = await addDevice(app, shop.technician, (await receiver()).url);
  const kept = await queryAll<{ id: number }>(
    `SELECT id FROM push_subscriptions WHERE user_id = ${shop.technician.id} ORDER BY id`,
  );
  expect(kept.map(({ id }) => id)).toEqual([devices[0], ...devices.slice(2), eleventh].map((device) => device?.id));
  expect(await queryAll(`SELECT id FROM push_subscriptions WHERE user_id = ${shop.supervisor.id}`)).toEqual([
    { id: others.id },
  ]);
});

test("a phone that gets a notification counts as used", async () => {
  const { app, advance, deliver } = stage();
  const used = await addDevice(app, shop.technician, (await receiver({ status: 201 })).url);
  const idle = await addDevice(app, shop.technician, (await receiver({ status: 403 })).url);
  await createTicket(app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  advance(30);
  await deliver();
  const { subscriptions } = await ok<Listed>(app.request(path, send(shop.technician)));
  expect(subscriptions.map(({ id, last_used_at }) => [id, last_used_at])).toEqual([
    [used.id, "2026-11-20T15:04:35.123Z"],
    [idle.id, "2026-11-20T15:04:05.123Z"],
  ]);
});

describe("a phone handed over", () => {
  test("shows the new user's tickets only, under fresh keys", async () => {
    const { app, deliver } = stage();
    const phone = await receiver({ status: 201 });
    const before = await addDevice(app, shop.technician, phone.url);
    const after = await addDevice(app, shop.supervisor, phone.url);
    expect(await queryAll("SELECT user_id, p256dh, auth FROM push_subscriptions")).toEqual([
      { user_id: shop.supervisor.id, ...after.keys },
    ]);
    expect((await ok<Listed>(app.request(path, send(shop.technician)))).subscriptions).toEqual([]);
    expect((await app.request(...remove(before.id, shop.technician))).status).toBe(404);

    const { machine_id } = shop;
    await createTicket(app, shop.admin, { title: "For Tara", machine_id, assigned_to: shop.technician.id });
    await createTicket(app, shop.admin, { title: "For Samuel", machine_id, assigned_to: shop.supervisor.id });
    await deliver();
    const messages = (await phone.requests()).map(after.decrypt);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain("For Samuel");
  });

  test("between two pushes of one moment goes to nobody else", async () => {
    const { app, held, invoke } = stage();
    const phone = await receiver({ status: 201 });
    await addDevice(app, shop.technician, phone.url);
    const { machine_id } = shop;
    await createTicket(app, shop.admin, { machine_id, assigned_to: shop.technician.id });
    await addDevice(app, shop.supervisor, phone.url);
    for (const { ids } of held.splice(0)) await invoke(ids);
    expect(await phone.requests()).toEqual([]);
  });
});

describe("removing", () => {
  test("takes one's own device away, once", async () => {
    const { app } = stage();
    const { id } = await addDevice(app, shop.technician, (await receiver()).url);
    const response = await app.request(...remove(id, shop.technician));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
    const again = await app.request(...remove(id, shop.technician));
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ code: "subscription_not_found" });
  });

  test("someone else's device answers as if it did not exist, to administrators too", async () => {
    const { app } = stage();
    const { id } = await addDevice(app, shop.technician, (await receiver()).url);
    for (const other of [shop.supervisor, shop.admin]) {
      expect((await app.request(...remove(id, other))).status).toBe(404);
      expect((await ok<Listed>(app.request(path, send(other)))).subscriptions).toEqual([]);
    }
    expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([{ id }]);
  });

  test("signing out removes the devices of that session and no other", async () => {
    const { app } = stage();
    const signIn = await app.request(
      "/api/auth/sign-in/email",
      send(null, { email: shop.technician.email, password: PASSWORD }, { "cf-connecting-ip": crypto.randomUUID() }),
    );
    const { token } = (await signIn.json()) as { token: string };
    const handedOn = await addDevice(app, { ...shop.technician, token }, (await receiver()).url);
    const kept = await addDevice(app, shop.technician, (await receiver()).url);
    const others = await addDevice(app, shop.supervisor, (await receiver()).url);
    expect(handedOn.id).not.toBe(kept.id);
    const signOut = { ...send({ ...shop.technician, token }), method: "POST" };
    expect((await app.request("/api/auth/sign-out", signOut)).status).toBe(204);
    expect(await queryAll("SELECT id FROM push_subscriptions ORDER BY id")).toEqual([
      { id: kept.id },
      { id: others.id },
    ]);
  });
});

test("without a session every push route answers 401", async () => {
  const { app } = stage();
  const requests: [string, string][] = [
    ["GET", "/api/push/vapid-public-key"],
    ["GET", path],
    ["POST", path],
    ["DELETE", `${path}/1`],
    ["POST", "/api/push/test"],
    ["GET", "/api/push/logs"],
  ];
  for (const [method, address] of requests) {
    const body = method === "POST" ? {} : undefined;
    expect([address, (await app.request(address, send(null, body, {}, method))).status]).toEqual([address, 401]);
  }
});
