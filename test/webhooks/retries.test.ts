import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attemptRows, clearDeliveries, onlyDelivery } from "../deliveries/rows.ts";
import { addWebhook, createTicket, eventOf, ok, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { send } from "../helpers.ts";
import { verifies } from "./verify.ts";

// The retry schedule, with the clock in the test's hands.

let shop: Shop;
const SCHEDULE = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

async function report(on: Stage, consumer: { url: string }) {
  const webhook = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  return webhook;
}

const waits = (on: Stage) => on.sent.slice(1).map(({ at }, index) => (at - (on.sent[index]?.at ?? 0)) / 1000);

/** Each wait is what the schedule says, a fifth more or less; the queue counts in whole seconds. */
function expectSchedule(seconds: number[]): void {
  for (const [index, wait] of seconds.entries()) {
    expect(wait).toBeGreaterThanOrEqual((SCHEDULE[index] ?? 0) * 0.8);
    expect(wait).toBeLessThanOrEqual((SCHEDULE[index] ?? 0) * 1.2 + 1);
  }
}

test("500 three times and then 200: four tries of one event, each signed afresh, on schedule", async () => {
  const on = stage();
  const consumer = await receiver({ status: 500 }, { status: 502 }, { status: 503 }, { status: 200 });
  const { secret } = await report(on, consumer);
  await on.deliverAll();

  const requests = await consumer.requests();
  expect(requests).toHaveLength(4);
  const { id } = await onlyDelivery();
  expect(requests.map((received) => received.headers["webhook-id"])).toEqual(Array(4).fill(`dlv_${id}_1`));
  expect(requests.map((received) => received.body)).toEqual(Array(4).fill(requests[0]?.body));
  const stamps = requests.map((received) => Number(received.headers["webhook-timestamp"]));
  expect(stamps).toEqual(on.sent.map(({ at }) => Math.floor(at / 1000)));
  expect(new Set(stamps).size).toBe(4);
  for (const [index, received] of requests.entries()) {
    expect(verifies(received, secret, on.sent[index]?.at ?? 0)).toBe(true);
  }
  expect(waits(on)).toHaveLength(3);
  expectSchedule(waits(on));
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 4, last_error: null });
  expect((await attemptRows()).map((row) => [row.attempt, row.http_status, row.error])).toEqual([
    [1, 500, "answered 500"],
    [2, 502, "answered 502"],
    [3, 503, "answered 503"],
    [4, 200, null],
  ]);
});

test("nothing is sent before its time, whoever asks", async () => {
  const on = stage();
  const consumer = await receiver({ status: 500 });
  await report(on, consumer);
  await on.deliver();
  const { id, next_attempt_at } = await onlyDelivery();
  const due = Date.parse(next_attempt_at ?? "");
  on.advance((due - on.time()) / 1000 - 0.001);
  await on.invoke([id]);
  await on.cron();
  await on.deliver();
  expect(await consumer.requests()).toHaveLength(1);
  on.advance(0.001);
  await on.invoke([id]);
  expect(await consumer.requests()).toHaveLength(2);
});

test("the queue is asked to wait as long as the row says, so that its message is never too early", async () => {
  const on = stage();
  await report(on, await receiver({ status: 500 }));
  for (let attempt = 1; attempt <= 7; attempt++) {
    await on.deliverNext();
    const { next_attempt_at } = await onlyDelivery();
    const [message, ...more] = on.held;
    expect(more).toEqual([]);
    expect(message?.delaySeconds).toBe(Math.ceil((Date.parse(next_attempt_at ?? "") - on.time()) / 1000));
    expect(message?.delaySeconds).toBeLessThanOrEqual(12 * 60 * 60);
  }
});

describe("an endpoint that always answers 500", () => {
  test("has had eight tries over the whole schedule, and then the delivery has failed", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500, body: "broken" });
    await report(on, consumer);
    await on.deliverAll();
    expect(await consumer.requests()).toHaveLength(8);
    expect(waits(on)).toHaveLength(7);
    expectSchedule(waits(on));
    expect(await onlyDelivery()).toMatchObject({
      status: "failed",
      attempts: 8,
      next_attempt_at: null,
      last_error: "answered 500",
    });
    on.advance(30 * 24 * 3600);
    await on.cron();
    expect(on.held).toEqual([]);
  });

  test("gets it again, under the same id, when someone retries it", async () => {
    const on = stage();
    const answers = Array.from({ length: 8 }, () => ({ status: 500 }));
    const consumer = await receiver(...answers, { status: 200 });
    const { secret } = await report(on, consumer);
    await on.deliverAll();
    const { id } = await onlyDelivery();
    on.advance(24 * 3600);
    const retry = { ...send(shop.supervisor), method: "POST" };
    expect((await on.app.request(`/api/deliveries/${id}/retry`, retry)).status).toBe(202);
    await on.deliver();
    const requests = await consumer.requests();
    expect(requests).toHaveLength(9);
    expect(new Set(requests.map((received) => eventOf(received).id))).toEqual(new Set([`dlv_${id}_1`]));
    expect(verifies(requests.at(-1), secret, on.time())).toBe(true);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1 });
    const { delivery } = await ok<{ delivery: { tries: { attempt: number }[] } }>(
      on.app.request(`/api/deliveries/${id}`, send(shop.supervisor)),
    );
    expect(delivery.tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1]);
  });

  test("and a replay that fails goes through the schedule once more", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 });
    await report(on, consumer);
    await on.deliverAll();
    const { id } = await onlyDelivery();
    await on.app.request(`/api/deliveries/${id}/retry`, { ...send(shop.supervisor), method: "POST" });
    await on.deliverAll();
    expect(await consumer.requests()).toHaveLength(16);
    expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: 8 });
  });
});

describe("Retry-After of a receiver", () => {
  const DATE = "Fri, 20 Nov 2026 15:34:05 GMT";
  test.each([
    [429, "3600", 3600],
    [503, "3600", 3600],
    [429, DATE, 1799.877],
    [503, String(365 * 24 * 3600), 6 * 3600],
  ])("%i with %s is honoured, up to six hours", async (status, header, expected) => {
    const on = stage();
    await report(on, await receiver({ status, headers: { "retry-after": header } }, { status: 200 }));
    await on.deliver();
    const { next_attempt_at } = await onlyDelivery();
    expect((Date.parse(next_attempt_at ?? "") - on.time()) / 1000).toBeCloseTo(expected, 2);
    await on.deliverNext();
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
  });

  test.each([
    [429, "soon"],
    [503, "-1"],
    [429, "1"],
    [500, "3600"],
    [404, "3600"],
  ])("%i with %s keeps the schedule", async (status, header) => {
    const on = stage();
    await report(on, await receiver({ status, headers: { "retry-after": header } }, { status: 200 }));
    await on.deliver();
    await on.deliverNext();
    expectSchedule(waits(on));
    expect(waits(on)).toHaveLength(1);
  });
});
