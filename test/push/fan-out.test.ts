import { beforeAll, beforeEach, expect, test } from "vitest";
import { clearDeliveries, notices, onlyDelivery, pushLogRows } from "../deliveries/rows.ts";
import { createTicket, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { impatient, watchTimeouts } from "../deliveries/timeouts.ts";
import { queryAll } from "../helpers.ts";
import type { Answer } from "../receivers/protocol.ts";
import { addDevice } from "./device.ts";

// One technician, many phones: what each push service answers decides about that phone alone.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

/** A phone of the technician, whose push service answers like this. */
async function phone(on: Stage, ...answers: Answer[]) {
  const service = await receiver(...answers);
  const device = await addDevice(on.app, shop.technician, service.url);
  return {
    ...device,
    service,
    statuses: async () =>
      (await pushLogRows()).filter((log) => log.subscription_id === device.id).map((log) => log.http_status),
    results: async () =>
      (await pushLogRows()).filter((log) => log.subscription_id === device.id).map((log) => log.status),
    times: () => on.sent.filter(({ url }) => url === service.url).map(({ at }) => at),
  };
}

const assign = (on: Stage) =>
  createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });

const registered = async () =>
  (await queryAll<{ id: number }>("SELECT id FROM push_subscriptions ORDER BY id")).map(({ id }) => id);

const HTTP_DATE = "Fri, 20 Nov 2026 15:07:05 GMT"; // three minutes after the stage's clock
const YEAR = String(365 * 24 * 60 * 60);

/** Every kind of answer at once. `patience` is what the services that throttle ask for. */
async function everyKind(on: Stage, patience: string[]) {
  return {
    good: await phone(on, { status: 201 }),
    unknown: await phone(on, { status: 404 }),
    gone: await phone(on, { status: 410 }),
    narrow: await phone(on, { status: 413 }, { status: 201 }),
    flaky: await phone(on, { status: 500, body: "try later" }, { status: 500 }, { status: 201 }),
    hanging: await phone(on, { hold: true }),
    throttled: await Promise.all(
      patience.map((retryAfter) => phone(on, { status: 429, headers: { "retry-after": retryAfter } }, { status: 201 })),
    ),
  };
}

test("each phone is treated by its own rule in one fan-out", async () => {
  const meant = watchTimeouts();
  const hanging: string[] = [];
  const on = stage({ fetch: impatient(hanging) });
  const phones = await everyKind(on, ["120", HTTP_DATE, "soon, I hope"]);
  hanging.push(phones.hanging.endpoint);
  const ticket = await assign(on);
  const start = on.time();
  await on.deliverAll();

  expect(new Set(meant)).toEqual(new Set([10_000]));
  expect(await phones.good.results()).toEqual(["success"]);
  expect(await phones.good.service.requests()).toHaveLength(1);
  expect(await phones.narrow.results()).toEqual(["success"]);
  expect(await phones.narrow.service.requests()).toHaveLength(2);
  expect(await phones.unknown.results()).toEqual(["expired"]);
  expect(await phones.gone.results()).toEqual(["expired"]);
  expect(await phones.flaky.results()).toEqual(["failed", "failed", "success"]);
  expect(await phones.flaky.statuses()).toEqual([500, 500, 201]);
  for (const phone of phones.throttled) {
    expect(await phone.results()).toEqual(["failed", "success"]);
    expect(await phone.statuses()).toEqual([429, 201]);
  }
  const [seconds, date] = phones.throttled;
  expect(seconds?.times()[1]).toBeGreaterThanOrEqual(start + 120_000);
  expect(date?.times()[1]).toBeGreaterThanOrEqual(Date.parse(HTTP_DATE));

  const hung = (await pushLogRows()).filter((log) => log.subscription_id === phones.hanging.id);
  // The schedule's last wait may end before or after the time to live.
  const tries = hung.length;
  expect([6, 7]).toContain(tries);
  expect(hung.map((log) => log.attempt)).toEqual(Array.from({ length: tries }, (_, index) => index + 1));
  for (const log of hung) {
    expect(log).toMatchObject({ status: "failed", http_status: null, error_message: "no answer within 10 s" });
  }

  expect(await registered()).toEqual(
    [
      phones.good.id,
      phones.narrow.id,
      phones.flaky.id,
      phones.hanging.id,
      ...phones.throttled.map(({ id }) => id),
    ].sort((a, b) => a - b),
  );
  // Someone was reached, so the delivery has served its purpose.
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: tries });
  expect(await notices(ticket.id)).toEqual([{ action: "notified", comment: null }]);
});

test("a service that asks for a year keeps no other phone from its retries", async () => {
  const on = stage();
  const flaky = await phone(on, { status: 500 }, { status: 500 }, { status: 201 });
  const year = await phone(on, { status: 429, headers: { "retry-after": YEAR } });
  await assign(on);
  await on.deliverAll();
  expect(await flaky.statuses()).toEqual([500, 500, 201]);
  expect((await year.statuses()).every((status) => status === 429)).toBe(true);
  expect(on.time()).toBeLessThanOrEqual(Date.parse("2026-11-20T21:04:06Z"));
});

test("a push service that asks for an hour is not asked again before", async () => {
  const on = stage();
  const service = await phone(on, { status: 429, headers: { "retry-after": "3600" } }, { status: 201 });
  await assign(on);
  await on.deliver();
  const asked = on.time();
  await on.deliverNext();
  expect(await service.statuses()).toEqual([429, 201]);
  expect(service.times()).toEqual([asked, asked + 3600_000]);
});

test("what is too large is sent once more, smaller, and in the same try", async () => {
  const on = stage();
  const narrow = await phone(on, { status: 413 }, { status: 201 });
  await createTicket(on.app, shop.supervisor, {
    title: "🔧".repeat(200),
    machine_id: shop.machine_id,
    assigned_to: shop.technician.id,
  });
  await on.deliver();
  const [first, second] = await narrow.service.requests();
  const sizes = [first, second].map((received) => Buffer.from(received?.body ?? "", "base64").length);
  expect(sizes[1]).toBeLessThanOrEqual(1103);
  expect(sizes[0]).toBeGreaterThan(sizes[1] ?? 0);
  const message = JSON.parse(narrow.decrypt(second)) as { body: string };
  expect(message.body).toMatch(/^\[MEDIUM\] (🔧)+…$/u);
  expect(await narrow.statuses()).toEqual([201]);
});

test("a phone that finds even the small message too large has failed, without further tries", async () => {
  const on = stage();
  const narrow = await phone(on, { status: 413 });
  await assign(on);
  await on.deliverAll();
  expect(await narrow.service.requests()).toHaveLength(2);
  expect(await narrow.statuses()).toEqual([413]);
  expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: 1 });
});

test.each([400, 401, 403])("a phone refused with %i is kept, reported and not tried again", async (status) => {
  const on = stage();
  const refused = await phone(on, { status, body: "VAPID credentials do not match" });
  await assign(on);
  await on.deliverAll();
  expect(await refused.service.requests()).toHaveLength(1);
  expect(await pushLogRows()).toMatchObject([
    {
      subscription_id: refused.id,
      status: "failed",
      http_status: status,
      error_message: "VAPID credentials do not match",
    },
  ]);
  expect(await registered()).toEqual([refused.id]);
  expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: 1 });
});

test("a broken connection is tried again like a 500", async () => {
  const on = stage();
  const service = await phone(on, { close: true }, { status: 201 });
  await assign(on);
  await on.deliverAll();
  expect(await service.statuses()).toEqual([null, 201]);
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
});

test("every try carries the same id and topic, and what is left of the time to live", async () => {
  const on = stage();
  const service = await phone(on, { status: 500 }, { status: 503 }, { status: 201 });
  await assign(on);
  await on.deliverAll();
  const requests = await service.service.requests();
  const ids = requests.map((received) => (JSON.parse(service.decrypt(received)) as { id: string }).id);
  expect(new Set(ids)).toEqual(new Set([`dlv_${(await onlyDelivery()).id}_1`]));
  expect(new Set(requests.map((received) => received.headers.topic)).size).toBe(1);
  const start = service.times()[0] ?? 0;
  expect(requests.map((received) => Number(received.headers.ttl))).toEqual(
    service.times().map((at) => Math.floor(6 * 60 * 60 - (at - start) / 1000)),
  );
});

test("ten phones are sent to side by side, but never more than six at a time", async () => {
  const on = stage();
  const service = await receiver({ status: 201, delayMs: 60 });
  for (let i = 0; i < 10; i++) await addDevice(on.app, shop.technician, `${service.url}/${i}`);
  await assign(on);
  await on.deliver();
  const { requests, peak } = await service.report();
  expect(requests).toHaveLength(10);
  expect(peak).toBeGreaterThan(1);
  expect(peak).toBeLessThanOrEqual(6);
});

test("a phone that renews itself while its old subscription turns out to be gone is kept", async () => {
  const on = stage();
  const old = await phone(on, { status: 410, hold: true });
  await assign(on);
  const delivering = on.deliver();
  await old.service.arrived();
  const renewed = await addDevice(on.app, shop.technician, old.endpoint);
  await old.service.release();
  await delivering;
  expect(await old.results()).toEqual(["expired"]);
  expect(await registered()).toEqual([renewed.id]);
});

test("a redirect of a push service is not followed", async () => {
  const on = stage();
  const elsewhere = await receiver({ status: 201 });
  const service = await phone(on, { status: 307, headers: { location: elsewhere.url } });
  await assign(on);
  await on.deliverAll();
  expect(await elsewhere.requests()).toEqual([]);
  expect(await service.statuses()).toEqual([307]);
});
