import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { senders } from "../../src/channels.ts";
import { consume } from "../../src/deliveries/consumer.ts";
import { execute } from "../helpers.ts";
import { attemptRows, clearDeliveries, deliveryRows, insertDue, onlyDelivery } from "./rows.ts";
import { addWebhook, eventOf, receiver, type Shop, setUpShop } from "./shop.ts";
import { stage } from "./stage.ts";

// The database fails while a delivery is under way: nothing is lost, and nothing is told twice without its id.

let shop: Shop;
const DUE = "2026-11-20T15:00:00.000Z";

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

/** A database that loses the connection during some calls: before they take place, or before their answer comes. */
function losing(method: "batch" | "prepare", moment: "before" | "after commit", fails: () => boolean): D1Database {
  return new Proxy(env.DB, {
    get(target, name) {
      const member = (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
      if (name !== method) return member;
      return (...args: unknown[]) => {
        if (!fails()) return member(...args);
        if (moment === "before") throw new Error("D1_ERROR: Network connection lost");
        return (member(...args) as Promise<unknown>).then(() => {
          throw new Error("D1_ERROR: Network connection lost");
        });
      };
    },
  });
}

async function dueWebhook(count = 1) {
  const consumer = await receiver();
  const { id } = await addWebhook(stage().app, shop.admin, consumer.url, ["ticket.created"]);
  await insertDue(count, `webhook:${id}`, DUE);
  return { consumer, ids: (await deliveryRows()).map((row) => row.id) };
}

test("a claim that fails sends nothing, and the message comes back", async () => {
  const { consumer, ids } = await dueWebhook();
  const failing = stage({ settings: { DB: losing("prepare", "before", () => true) } });
  expect(await failing.invoke(ids)).toBe("returned");
  expect(await consumer.requests()).toEqual([]);
  expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 0 });
  expect(await stage().invoke(ids)).toBe("acknowledged");
  expect(await consumer.requests()).toHaveLength(1);
});

test("a result that cannot be written is made up for by the rescue, under the same id", async () => {
  const { consumer, ids } = await dueWebhook();
  const failing = stage({ settings: { DB: losing("batch", "before", () => true) } });
  expect(await failing.invoke(ids)).toBe("returned");
  expect(await onlyDelivery()).toMatchObject({ status: "processing", attempts: 1 });
  expect(await attemptRows()).toEqual([]);

  const on = stage();
  // The returned message finds the lease still held.
  await on.invoke(ids);
  expect(await consumer.requests()).toHaveLength(1);
  on.advance(181);
  await on.cron();
  await on.deliver();
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
  expect((await consumer.requests()).map((received) => eventOf(received).id)).toEqual(Array(2).fill(`dlv_${ids[0]}_1`));
});

test("a result that was written although its answer got lost counts, and nothing is sent again", async () => {
  const { consumer, ids } = await dueWebhook();
  const failing = stage({ settings: { DB: losing("batch", "after commit", () => true) } });
  expect(await failing.invoke(ids)).toBe("returned");
  expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1 });
  const on = stage();
  expect(await on.invoke(ids)).toBe("acknowledged");
  on.advance(600);
  await on.cron();
  await on.deliver();
  expect(await consumer.requests()).toHaveLength(1);
  expect(await attemptRows()).toHaveLength(1);
});

test("one delivery's fault keeps no other of its message from being finished", async () => {
  const { consumer, ids } = await dueWebhook(5);
  let batches = 0;
  const failing = stage({ settings: { DB: losing("batch", "before", () => ++batches === 2) } });
  expect(await failing.invoke(ids)).toBe("returned");
  expect(await consumer.requests()).toHaveLength(5);
  expect((await deliveryRows()).map((row) => row.status).sort()).toEqual([
    "completed",
    "completed",
    "completed",
    "completed",
    "processing",
  ]);
});

test("one message's fault repeats no other message of its batch", async () => {
  const { consumer, ids } = await dueWebhook(2);
  let prepared = 0;
  const { environment, world } = stage({ settings: { DB: losing("prepare", "before", () => ++prepared === 1) } });
  const messages = ids.map((id) => ({ id: `message ${id}`, timestamp: new Date(), attempts: 1, body: { ids: [id] } }));
  const batch = createMessageBatch("deliveries", messages);
  await consume(batch as MessageBatch<{ ids: number[] }>, environment, senders, world);
  const result = await getQueueResult(batch, createExecutionContext());
  expect(result.explicitAcks).toEqual([`message ${ids[1]}`]);
  expect(result.retryMessages).toMatchObject([{ msgId: `message ${ids[0]}` }]);
  expect(await consumer.requests()).toHaveLength(1);
});

describe("a sender that breaks", () => {
  // No notification that the application writes lacks its data.
  const BROKEN = `event_type = 'customer.notify', payload = '{"type": "customer.notify"}'`;

  test("uses up its tries and leaves the delivery failed, with no word of its inside", async () => {
    const { consumer } = await dueWebhook();
    await execute(`UPDATE deliveries SET ${BROKEN}`);
    const on = stage();
    await on.cron();
    await on.deliverAll();
    expect(await consumer.requests()).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "failed", attempts: 8, last_error: "internal error" });
    expect(new Set((await attemptRows()).map((row) => row.error))).toEqual(new Set(["internal error"]));
  });

  test("keeps no other delivery of its message from being sent", async () => {
    const { consumer, ids } = await dueWebhook(3);
    await execute(`UPDATE deliveries SET ${BROKEN} WHERE id = ${ids[1]}`);
    const on = stage();
    expect(await on.invoke(ids)).toBe("acknowledged");
    expect(await consumer.requests()).toHaveLength(2);
    expect((await deliveryRows()).map((row) => row.status)).toEqual(["completed", "pending", "completed"]);
  });
});
