import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { enqueue } from "../../src/deliveries/outbox.ts";
import { attemptRows, clearDeliveries, deliveryRows, onlyDelivery } from "./rows.ts";
import { addWebhook, eventOf, receiver, type Shop, setUpShop } from "./shop.ts";
import { type Stage, stage } from "./stage.ts";

// A job is one per channel, target, subject and event: newer data raises its generation and goes out last.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

/** A job of one endpoint; `put(n)` enqueues version n of its payload as the batch of a change would. */
async function job(on: Stage, consumer: { url: string }) {
  const { id } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.updated"]);
  const put = async (version: number, options = {}): Promise<number[]> => {
    const select = `SELECT 'webhook' AS channel, 'webhook:${id}' AS target, 'ticket:1' AS subject,
      'ticket.updated' AS event_type,
      json_object('type', 'ticket.updated', 'timestamp', ?, 'data', json_object('version', CAST(? AS INTEGER))) AS payload WHERE 1`;
    const [result] = await on.context.env.DB.batch<{ id: number }>([
      enqueue(on.context, select, [new Date(on.time()).toISOString(), version], options),
    ]);
    return result?.results.map((row) => row.id) ?? [];
  };
  return { put };
}

/** What arrived: id on the wire and version, in the order of arrival. */
const arrivals = async (consumer: Awaited<ReturnType<typeof receiver>>) =>
  (await consumer.requests()).map((received) => {
    const { id, data } = eventOf(received);
    return [id, data.version];
  });

describe("enqueueing the same job again", () => {
  test("while it waits leaves one delivery with the newest payload", async () => {
    const on = stage();
    const consumer = await receiver();
    const { put } = await job(on, consumer);
    const [id] = await put(1);
    on.advance(1);
    expect(await put(2)).toEqual([id]);
    expect(await onlyDelivery()).toMatchObject({
      status: "pending",
      generation: 2,
      attempts: 0,
      next_attempt_at: "2026-11-20T15:04:06.123Z",
      updated_at: "2026-11-20T15:04:06.123Z",
      created_at: "2026-11-20T15:04:05.123Z",
    });
    await on.cron();
    await on.deliver();
    expect(await arrivals(consumer)).toEqual([[`dlv_${id}_2`, 2]]);
  });

  test("while it waits for a retry sends at once, from the first try", async () => {
    const on = stage();
    const consumer = await receiver({ status: 500 }, { status: 200 });
    const { put } = await job(on, consumer);
    const [id = 0] = await put(1);
    await on.invoke([id]);
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1, last_error: "answered 500" });
    await put(2);
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 0, last_error: null });
    await on.invoke([id]);
    expect(await arrivals(consumer)).toEqual([
      [`dlv_${id}_1`, 1],
      [`dlv_${id}_2`, 2],
    ]);
    expect(await attemptRows(id)).toMatchObject([
      { generation: 1, attempt: 1, http_status: 500 },
      { generation: 2, attempt: 1, http_status: 200 },
    ]);
  });

  test.each([200, 410])("after an answer of %i delivers it again", async (status) => {
    const on = stage();
    const consumer = await receiver({ status });
    const { put } = await job(on, consumer);
    const [id = 0] = await put(1);
    await on.invoke([id]);
    expect(await onlyDelivery(`id = ${id}`)).toMatchObject({ status: status === 200 ? "completed" : "failed" });
    expect(await put(2)).toEqual([id]);
    expect(await onlyDelivery(`id = ${id}`)).toMatchObject({
      status: "pending",
      attempts: 0,
      generation: 2,
      completed_at: null,
      last_error: null,
    });
  });

  test("that is wanted once only changes nothing and returns nothing", async () => {
    const on = stage();
    const consumer = await receiver();
    const { put } = await job(on, consumer);
    const [id = 0] = await put(1, { once: true });
    await on.invoke([id]);
    const before = await deliveryRows();
    on.advance(60);
    expect(await put(2, { once: true })).toEqual([]);
    expect(await deliveryRows()).toEqual(before);
  });

  test("a hundred times at once leaves one delivery", async () => {
    const on = stage();
    const { put } = await job(on, await receiver());
    await Promise.all(Array.from({ length: 100 }, (_, version) => put(version + 1)));
    const row = await onlyDelivery();
    expect(row).toMatchObject({ status: "pending", generation: 100, attempts: 0 });
  });
});

describe("newer data while the older is on its way", () => {
  test.each([200, 500, 410])("goes out last when the older is answered %i", async (status) => {
    const on = stage();
    const consumer = await receiver({ hold: true, status }, { status: 200 });
    const { put } = await job(on, consumer);
    const [id = 0] = await put(1);
    const delivering = on.invoke([id]);
    await consumer.arrived();
    on.advance(1);
    expect(await put(2)).toEqual([id]);
    on.advance(1);
    await put(3);
    expect(await onlyDelivery()).toMatchObject({ status: "processing", generation: 3, claimed_generation: 1 });
    // Nobody takes it from the worker that has it.
    await on.invoke([id]);
    await on.cron();
    expect(await consumer.requests()).toHaveLength(1);
    await consumer.release();
    await delivering;
    expect(await onlyDelivery(`id = ${id}`)).toMatchObject({
      status: "pending",
      attempts: 0,
      generation: 3,
      claimed_generation: null,
      next_attempt_at: new Date(on.time()).toISOString(),
      last_error: null,
    });
    // The worker itself has told the queue about what is left.
    expect(on.held.filter((message) => message.ids.includes(id))).toMatchObject([{ ids: [id], delaySeconds: 0 }]);
    if (status === 410) return; // switched off: nothing goes there any more
    await on.deliver();
    expect(await arrivals(consumer)).toEqual([
      [`dlv_${id}_1`, 1],
      [`dlv_${id}_3`, 3],
    ]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 1 });
    await on.cron();
    await on.deliver();
    expect(await consumer.requests()).toHaveLength(2);
  });

  test("survives the death of the worker that has the older", async () => {
    const on = stage();
    const consumer = await receiver({ hold: true }, { status: 200 });
    const { put } = await job(on, consumer);
    const [id = 0] = await put(1);
    const lost = on.invoke([id]);
    await consumer.arrived();
    await put(2);
    on.advance(181);
    await on.cron();
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 0, generation: 2 });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
    await consumer.release();
    await lost;
    expect(await arrivals(consumer)).toEqual([
      [`dlv_${id}_1`, 1],
      [`dlv_${id}_2`, 2],
    ]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", generation: 2, attempts: 1 });
  });
});
