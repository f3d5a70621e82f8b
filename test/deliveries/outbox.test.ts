import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execute, queryAll, rowCounts, send } from "../helpers.ts";
import { countedDatabase } from "./counted-database.ts";
import { clearDeliveries, deliveryRows } from "./rows.ts";
import { addWebhook, createTicket, receiver, type Shop, setUpShop } from "./shop.ts";
import { stage } from "./stage.ts";

// What the batch of a creation puts into the outbox, and what it tells the queue.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const jobs = async () =>
  (await deliveryRows()).map(
    ({ channel, target, subject, event_type }) => `${channel} ${target} ${subject} ${event_type}`,
  );

describe("a created ticket", () => {
  test("tells the assigned technician and every endpoint that listens, in rows that are due at once", async () => {
    const { app, held } = stage();
    const first = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    const second = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created", "ticket.assigned"]);
    const deaf = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.deleted"]);
    const off = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    await app.request(`/api/webhooks/${off.id}`, send(shop.admin, { active: false }, {}, "PATCH"));
    const removed = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    await app.request(`/api/webhooks/${removed.id}`, send(shop.admin, undefined, {}, "DELETE"));

    const { id } = await createTicket(app, shop.supervisor, {
      machine_id: shop.machine_id,
      assigned_to: shop.technician.id,
    });
    expect((await jobs()).sort()).toEqual(
      [
        `push user:${shop.technician.id} ticket:${id} ticket.assigned`,
        `webhook webhook:${first.id} ticket:${id} ticket.created`,
        `webhook webhook:${second.id} ticket:${id} ticket.created`,
        `webhook webhook:${second.id} ticket:${id} ticket.assigned`,
      ].sort(),
    );
    expect(deaf.id).toBeGreaterThan(0);
    const rows = await deliveryRows();
    for (const row of rows) {
      expect(row).toMatchObject({
        status: "pending",
        attempts: 0,
        generation: 1,
        claimed_generation: null,
        next_attempt_at: "2026-11-20T15:04:05.123Z",
        created_at: "2026-11-20T15:04:05.123Z",
      });
    }
    expect(held).toEqual([
      { ids: rows.map((row) => row.id), delaySeconds: 0, dueAt: Date.parse("2026-11-20T15:04:05.123Z") },
    ]);
  });

  test("is shown in its events as the API shows it", async () => {
    const { app } = stage();
    await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    const ticket = await createTicket(app, shop.supervisor, {
      machine_id: shop.machine_id,
      description: 'Line 1\n"quoted" 🔧',
      is_machine_down: true,
    });
    const [row] = await deliveryRows();
    const payload = JSON.parse(row?.payload ?? "") as { data: { ticket: unknown; machine: unknown } };
    expect(payload).toMatchObject({
      type: "ticket.created",
      timestamp: "2026-11-20T15:04:05.123Z",
      data: {
        ticket: { ...ticket, is_machine_down: true, assigned_to: null },
        machine: { id: shop.machine_id, name: "Haas VF-2", machine_type: "CNC" },
        actor: { id: shop.supervisor.id, name: "Samuel Superviseur", role: "supervisor" },
      },
    });
    expect(payload.data.ticket).toEqual(ticket);
    expect(Object.keys(payload.data).sort()).toEqual(["actor", "machine", "ticket"]);
    expect(row?.payload).not.toContain("qr_token");
  });

  test("sends no push to a technician who takes it", async () => {
    const { app } = stage();
    const { id } = await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.assigned"]);
    const ticket = await createTicket(app, shop.technician, {
      machine_id: shop.machine_id,
      assigned_to: shop.technician.id,
    });
    expect(await jobs()).toEqual([`webhook webhook:${id} ticket:${ticket.id} ticket.assigned`]);
  });

  test("with nobody to tell leaves the outbox and the queue empty", async () => {
    const { app, held } = stage();
    await createTicket(app, shop.technician, { machine_id: shop.machine_id });
    expect(await jobs()).toEqual([]);
    expect(held).toEqual([]);
  });

  test("is cut into queue messages that one invocation can carry", async () => {
    const { app, held, deliver } = stage();
    const consumer = await receiver();
    for (let i = 0; i < 14; i++) await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
    await createTicket(app, shop.technician, { machine_id: shop.machine_id });
    expect(held.length).toBeGreaterThan(1);
    expect(held.flatMap(({ ids }) => ids)).toEqual((await deliveryRows()).map(({ id }) => id));
    await deliver();
    expect(await consumer.requests()).toHaveLength(14);
  });
});

describe("a repeated request", () => {
  const key = { "idempotency-key": "one-click" };
  beforeEach(() => execute("DELETE FROM idempotency_keys"));

  test("enqueues nothing again", async () => {
    const { app, held } = stage();
    await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    const fields = { machine_id: shop.machine_id, assigned_to: shop.technician.id };
    const ticket = await createTicket(app, shop.supervisor, fields, key);
    const rows = await deliveryRows();
    const messages = [...held];
    expect(await createTicket(app, shop.supervisor, fields, key)).toEqual(ticket);
    expect(await deliveryRows()).toEqual(rows);
    expect(held).toEqual(messages);
  });

  test("sent ten times at once tells everyone once", async () => {
    const { app, deliver } = stage();
    const consumer = await receiver();
    await addWebhook(app, shop.admin, consumer.url, ["ticket.created"]);
    const fields = { machine_id: shop.machine_id };
    await Promise.all(Array.from({ length: 10 }, () => createTicket(app, shop.supervisor, fields, key)));
    await deliver();
    expect(await jobs()).toHaveLength(1);
    expect(await consumer.requests()).toHaveLength(1);
  });
});

describe("a creation that fails enqueues nothing", () => {
  const fault = (table: string) =>
    execute(`CREATE TRIGGER fault BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'injected'); END`);
  afterEach(() => execute("DROP TRIGGER IF EXISTS fault"));

  test.each(["tickets", "ticket_timeline", "deliveries", "idempotency_keys"])(
    "when %s refuses its row",
    async (table) => {
      const { app, held } = stage();
      await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
      const before = await rowCounts();
      await fault(table);
      const body = { title: "Spindle vibrates", machine_id: shop.machine_id, assigned_to: shop.technician.id };
      const response = await app.request("/api/tickets", send(shop.supervisor, body, { "idempotency-key": table }));
      expect(response.status).toBe(500);
      expect(await rowCounts()).toEqual(before);
      expect(held).toEqual([]);
    },
  );

  test("when its machine, its assignee or its session is gone", async () => {
    const { app, held } = stage();
    await addWebhook(app, shop.admin, (await receiver()).url, ["ticket.created"]);
    const before = await rowCounts();
    const { machine_id } = shop;
    for (const [fields, status] of [
      [{ machine_id: 999_999 }, 404],
      [{ machine_id, assigned_to: 999_999 }, 422],
      [{ machine_id, customer_id: 999_999 }, 422],
    ] as const) {
      const response = await app.request(
        "/api/tickets",
        send(shop.supervisor, { title: "Spindle vibrates", ...fields }),
      );
      expect(response.status).toBe(status);
    }
    expect(await rowCounts()).toEqual(before);
    expect(held).toEqual([]);
  });
});

test("a queue that takes nothing fails no request: the rows are there and the cron run announces them", async () => {
  const broken = {
    sendBatch: async () => {
      throw new Error("Queue sendBatch failed: Too Many Requests");
    },
  };
  const without = stage({ settings: { DELIVERIES: broken } });
  const consumer = await receiver();
  await addWebhook(without.app, shop.admin, consumer.url, ["ticket.created"]);
  await createTicket(without.app, shop.supervisor, { machine_id: shop.machine_id });
  await without.cron();
  expect(await deliveryRows()).toMatchObject([{ status: "pending", attempts: 0 }]);

  const on = stage();
  await on.cron();
  await on.deliver();
  expect(await consumer.requests()).toHaveLength(1);
});

test("the outbox costs a creation no round trip of its own", async () => {
  const { database, take } = countedDatabase(env.DB);
  const { app } = stage({ settings: { DB: database } });
  await createTicket(app, shop.supervisor, { machine_id: shop.machine_id });
  take();
  await createTicket(app, shop.supervisor, { machine_id: shop.machine_id, assigned_to: shop.technician.id });
  expect(take().trips).toBe(1);
  expect(await queryAll("SELECT channel FROM deliveries")).toEqual([{ channel: "push" }]);
});
