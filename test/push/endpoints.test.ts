import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, onlyDelivery, pushLogRows } from "../deliveries/rows.ts";
import { createTicket, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, queryAll, send } from "../helpers.ts";
import { subscriptionKeys } from "./subscription-keys.ts";

// A subscription's endpoint decides where our server sends requests, so only push services are admitted.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const { keys } = subscriptionKeys();
const closed = { ALLOW_LOCAL_TARGETS: "false", PUSH_HOSTS: "push.shop.example, .relay.example" };

const KNOWN = [
  "https://fcm.googleapis.com/fcm/send/abc:def",
  "https://jmt17.google.com/fcm/send/abc",
  "https://updates.push.services.mozilla.com/wpush/v2/abc",
  "https://web.push.apple.com/abc",
  "https://api.push.apple.com/3/device/abc",
  "https://wns2-par02p.notify.windows.com/w/?token=abc",
  "https://push.shop.example/abc",
  "https://eu.relay.example/abc",
];

const UNKNOWN = [
  "https://hooks.example.com/abc",
  "http://fcm.googleapis.com/fcm/send/abc",
  "https://fcm.googleapis.com:8443/fcm/send/abc",
  "https://fcm.googleapis.com:80/fcm/send/abc",
  "https://fcm.googleapis.com.evil.example/abc",
  "https://evil-fcm.googleapis.com/abc",
  "https://fcm.googleapis.com./abc",
  "https://user:password@fcm.googleapis.com/abc",
  "https://fcm.googleapis.com@evil.example/abc",
  "https://notify.windows.com.evil.example/abc",
  "https://evilnotify.windows.com/abc",
  "https://other.shop.example/abc",
  "https://127.0.0.1/abc",
  "http://127.0.0.1/abc",
  "http://localhost/abc",
  "https://[::1]/abc",
  "https://10.0.0.5/abc",
];

const subscribe = (endpoint: string) =>
  stage({ settings: closed }).app.request(
    "/api/push/subscriptions",
    send(shop.technician, { subscription: { endpoint, keys } }),
  );

test.each(KNOWN)("%s is a push service", async (endpoint) => {
  const response = await subscribe(endpoint);
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ subscription: { push_service: new URL(endpoint).host } });
});

test.each(UNKNOWN)("%s is refused", async (endpoint) => {
  const response = await subscribe(endpoint);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ code: "push_service_not_allowed" });
  expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([]);
});

test.each(["not a url", "javascript:alert(1)", "file:///etc/passwd"])("%s is no address at all", async (endpoint) => {
  const response = await subscribe(endpoint);
  expect([400, 422]).toContain(response.status);
  expect(await queryAll("SELECT id FROM push_subscriptions")).toEqual([]);
});

describe("one endpoint, however it is spelled", () => {
  const NORMAL = "https://fcm.googleapis.com/fcm/send/abc:def?a=B";
  const SPELLINGS = [
    NORMAL,
    "https://FCM.GoogleApis.com/fcm/send/abc:def?a=B",
    "HTTPS://fcm.googleapis.com:443/fcm/send/abc:def?a=B",
    "https://fcm.googleapis.com/fcm/x/../send/./abc:def?a=B",
    "https://fcm.googleapis.com/fcm/%2e%2E/fcm/send/abc:def?a=B#fragment",
    "https://fcm.googleapis.com/fcm/send/abc:def?a=B#",
    "https://fcm.googleapis.com/fcm/send/%61b%63:def?a=B",
  ];
  const endpoints = () => queryAll<{ endpoint: string }>("SELECT endpoint FROM push_subscriptions");

  test.each(SPELLINGS)("%s is stored in its normal spelling", async (spelling) => {
    expect((await subscribe(spelling)).status).toBe(201);
    expect(await endpoints()).toEqual([{ endpoint: NORMAL }]);
  });

  test("is one device, also when all are registered at once", async () => {
    for (const response of await Promise.all(SPELLINGS.map(subscribe))) expect(response.status).toBe(201);
    expect(await endpoints()).toEqual([{ endpoint: NORMAL }]);
  });

  test("an escape that must stay is one device in either case of its digits", async () => {
    await subscribe(NORMAL.replace("abc", "a%2fc"));
    expect((await subscribe(NORMAL.replace("abc", "a%2Fc"))).status).toBe(201);
    expect(await endpoints()).toEqual([{ endpoint: NORMAL.replace("abc", "a%2Fc") }]);
  });

  test("a path in other letters is another device", async () => {
    await subscribe(NORMAL);
    await subscribe(NORMAL.replace("abc", "ABC"));
    expect(await endpoints()).toHaveLength(2);
  });
});

describe("a row from before endpoints were brought into one spelling", () => {
  const insert = (userId: number, endpoint: string) =>
    execute(
      `INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at, last_used_at)
       VALUES (${userId}, '${endpoint}', '${keys.p256dh}', '${keys.auth}', '2026-01-01', '2026-01-01')`,
    );
  const notify = async (on: ReturnType<typeof stage>) => {
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    await on.deliver();
  };
  const spelled = (url: string) => url.replace("/to/", "/x/../to/");
  const rows = () => queryAll("SELECT user_id, endpoint FROM push_subscriptions ORDER BY id");

  test("is put right when it is used", async () => {
    const on = stage();
    const service = await receiver({ status: 201 });
    await insert(shop.technician.id, spelled(service.url));
    await notify(on);
    expect(await service.requests()).toHaveLength(1);
    expect(await rows()).toEqual([{ user_id: shop.technician.id, endpoint: service.url }]);
    await insert(shop.technician.id, spelled(service.url));
    await on.app.request("/api/push/test", send(shop.technician, {}));
    expect(await service.requests()).toHaveLength(2);
    expect(await rows()).toHaveLength(1);
  });

  test("gives way to the one that the device has renewed since, in whosever hands it is", async () => {
    const on = stage();
    const service = await receiver({ status: 201 });
    await insert(shop.technician.id, spelled(service.url));
    await insert(shop.supervisor.id, service.url);
    await notify(on);
    expect(await service.requests()).toEqual([]);
    expect(await rows()).toEqual([{ user_id: shop.supervisor.id, endpoint: service.url }]);
  });

  test("with keys that no message can be encrypted for goes, and the other devices are reached", async () => {
    const on = stage();
    const broken = await receiver({ status: 201 });
    const whole = await receiver({ status: 201 });
    await insert(shop.technician.id, broken.url);
    await execute(`UPDATE push_subscriptions SET p256dh = 'B${"A".repeat(86)}'`);
    await insert(shop.technician.id, whole.url);
    await notify(on);
    expect(await broken.requests()).toEqual([]);
    expect(await whole.requests()).toHaveLength(1);
    expect(await rows()).toEqual([{ user_id: shop.technician.id, endpoint: whole.url }]);
    expect(await pushLogRows()).toMatchObject([{ status: "expired", http_status: null }, { status: "success" }]);
    // The endpoint itself is in order: the device may come again with other keys.
    expect(await queryAll("SELECT * FROM expired_push_endpoints")).toEqual([]);
  });
});

test("a fault of ours is not taken for a broken connection", async () => {
  const on = stage({ settings: { VAPID_PRIVATE_KEY: "A".repeat(43) } });
  const service = await receiver({ status: 201 });
  await execute(
    `INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at, last_used_at)
     VALUES (${shop.technician.id}, '${service.url}', '${keys.p256dh}', '${keys.auth}', '2026-01-01', '2026-01-01')`,
  );
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  await on.deliver();
  expect(await service.requests()).toEqual([]);
  expect(await pushLogRows()).toMatchObject([{ status: "failed", http_status: null, error_message: "internal error" }]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1 });
  expect(await queryAll("SELECT id FROM push_subscriptions")).toHaveLength(1);
});

describe("a row that was written past the rules", () => {
  const insert = (endpoint: string) =>
    execute(
      `INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at, last_used_at)
       VALUES (${shop.technician.id}, '${endpoint}', '${keys.p256dh}', '${keys.auth}', '2026-01-01', '2026-01-01')`,
    );

  test("is never sent to, and the log says why", async () => {
    const on = stage({ settings: closed });
    const canary = await receiver({ status: 201 });
    const port = new URL(canary.url).port;
    const path = new URL(canary.url).pathname;
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]) {
      await insert(`http://${host}:${port}${path}`);
    }
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    await on.deliver();
    await on.app.request("/api/push/test", send(shop.technician, {}));
    expect(on.sent).toEqual([]);
    expect(await canary.requests()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "failed" });
    const logs = await pushLogRows();
    expect(logs).toHaveLength(6);
    for (const log of logs) expect(log).toMatchObject({ status: "failed", error_message: "push service not allowed" });
  });

  test("is sent to again once the rules admit it", async () => {
    const canary = await receiver({ status: 201 });
    await insert(canary.url);
    const on = stage();
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
    await on.deliver();
    expect(await canary.requests()).toHaveLength(1);
  });
});

test("requests to a push service forbid the runtime to follow redirects", async () => {
  const inits: RequestInit[] = [];
  const on = stage({
    settings: closed,
    fetch: async (_, init) => {
      inits.push(init ?? {});
      return new Response(null, { status: 201 });
    },
  });
  await subscribe("https://fcm.googleapis.com/fcm/send/abc");
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  await on.deliver();
  expect(inits).toMatchObject([{ method: "POST", redirect: "manual", signal: expect.any(AbortSignal) }]);
  expect(on.sent.map(({ url }) => url)).toEqual(["https://fcm.googleapis.com/fcm/send/abc"]);
});
