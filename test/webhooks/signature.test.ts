import { Webhook } from "standardwebhooks";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clearDeliveries, onlyDelivery } from "../deliveries/rows.ts";
import {
  addWebhook,
  bodyText,
  createTicket,
  type Webhook as Endpoint,
  eventOf,
  ok,
  receiver,
  type Shop,
  setUpShop,
} from "../deliveries/shop.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { send } from "../helpers.ts";
import { verifies } from "./verify.ts";

// Standard Webhooks: the receiver's own library says whether what it gets is ours.

let shop: Shop;
const HOUR = 60 * 60;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

test("the sample of the Standard Webhooks library is signed as published", () => {
  const signature = new Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    new Date(1_614_265_330_000),
    '{"test": 2432232314}',
  );
  expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

/** One more ticket, delivered; returns the newest request. */
async function next(on: Stage, consumer: Awaited<ReturnType<typeof receiver>>) {
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
  await on.deliver();
  return (await consumer.requests()).at(-1);
}

test("what is sent verifies with the endpoint's secret, under its stable id", async () => {
  const on = stage();
  const consumer = await receiver();
  const { secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  const received = await next(on, consumer);
  const { id } = await onlyDelivery();
  expect(received?.method).toBe("POST");
  expect(received?.headers).toMatchObject({
    "content-type": "application/json",
    "user-agent": "shopfloor-tickets",
    "webhook-id": `dlv_${id}_1`,
    "webhook-timestamp": String(Math.floor(on.time() / 1000)),
    "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/),
  });
  expect(verifies(received, secret, on.time())).toBe(true);
  const event = eventOf(received);
  expect(Object.keys(event)).toEqual(["id", "type", "timestamp", "data"]);
  expect(event).toMatchObject({ id: `dlv_${id}_1`, type: "ticket.created", timestamp: "2026-11-20T15:04:05.123Z" });
});

test("a changed body, id or time, or another secret, does not verify", async () => {
  const on = stage();
  const consumer = await receiver();
  const { secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  const other = await addWebhook(on.app, shop.admin, (await receiver()).url, ["ticket.created"]);
  const received = await next(on, consumer);
  if (!received) throw new Error("nothing came");
  expect(verifies(received, secret, on.time())).toBe(true);
  expect(verifies(received, other.secret, on.time())).toBe(false);
  const forged = Buffer.from(bodyText(received).replace("Spindle", "Hydraulics")).toString("base64");
  expect(verifies({ ...received, body: forged }, secret, on.time())).toBe(false);
  for (const [name, value] of [
    ["webhook-id", "dlv_1_9"],
    ["webhook-timestamp", String(Math.floor(on.time() / 1000) + 1)],
  ] as const) {
    expect(verifies({ ...received, headers: { ...received.headers, [name]: value } }, secret, on.time())).toBe(false);
  }
  expect(verifies(received, secret, on.time() + 6 * 60_000)).toBe(false);
});

describe("after a rotation", () => {
  const rotate = async (on: Stage, id: number) =>
    (
      await ok<{ webhook: Endpoint }>(
        on.app.request(`/api/webhooks/${id}/rotate-secret`, { ...send(shop.admin), method: "POST" }),
      )
    ).webhook.secret;
  const signatures = (received: Awaited<ReturnType<typeof next>>) =>
    received?.headers["webhook-signature"]?.split(" ") ?? [];

  test("old and new secret both verify for a day, then the new one alone", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id, secret: old } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    const fresh = await rotate(on, id);
    expect(fresh).not.toBe(old);
    expect(fresh).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);

    for (const wait of [0, 12 * HOUR, 12 * HOUR - 1]) {
      on.advance(wait);
      const received = await next(on, consumer);
      expect(signatures(received)).toHaveLength(2);
      expect(verifies(received, fresh, on.time())).toBe(true);
      expect(verifies(received, old, on.time())).toBe(true);
    }
    on.advance(1);
    const received = await next(on, consumer);
    expect(signatures(received)).toHaveLength(1);
    expect(verifies(received, fresh, on.time())).toBe(true);
    expect(verifies(received, old, on.time())).toBe(false);
  });

  test("a second rotation ends the first secret at once: two sign, never three", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id, secret: first } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    const second = await rotate(on, id);
    const third = await rotate(on, id);
    const received = await next(on, consumer);
    expect([first, second, third].map((secret) => verifies(received, secret, on.time()))).toEqual([false, true, true]);
  });

  test("what was enqueued before it is signed with what holds when it is sent", async () => {
    const on = stage();
    const consumer = await receiver();
    const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id });
    const fresh = await rotate(on, id);
    await on.deliver();
    expect(verifies((await consumer.requests())[0], fresh, on.time())).toBe(true);
  });
});
