import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { IDS_PER_MESSAGE } from "../../src/deliveries/outbox.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { stage } from "../deliveries/stage.ts";
import { type App, execute, type Person, person, queryAll, rowCounts, send } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { addCustomer, clearSync, editCustomer, insertCustomers, links, pauses } from "./customers.ts";
import { stripeStage } from "./stripe-stage.ts";

// Which jobs come into being, and how far they are.

let admin: Person;
let supervisor: Person;

beforeAll(async () => {
  admin = await person("admin");
  supervisor = await person("supervisor");
});

beforeEach(clearSync);
afterEach(() => void vi.restoreAllMocks());

const post = (app: App, path: string, body?: unknown) => app.request(path, { ...send(admin, body), method: "POST" });
const syncAll = async (app: App, body: unknown = {}) => {
  const response = await post(app, "/api/sync/customers", body);
  expect(response.status).toBe(202);
  return (await response.json()) as { queued: number; unknown: number[]; next_after: number | null };
};
const status = async (app: App) =>
  (await (await app.request("/api/sync", send(admin))).json()) as Record<string, unknown>;

describe("POST /api/customers/:id/sync", () => {
  test("asked for ten times, at once and in turn, is one job with the newest data", async () => {
    const { on, stripe } = stripeStage();
    const id = await addCustomer(on.app, supervisor);
    await on.deliver();
    await Promise.all(Array.from({ length: 5 }, () => post(on.app, `/api/customers/${id}/sync`)));
    await execute(`UPDATE customers SET name = 'Newest' WHERE id = ${id}`);
    for (let i = 0; i < 5; i++) {
      const response = await post(on.app, `/api/customers/${id}/sync`);
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({
        delivery: { channel: "stripe", subject: `customer:${id}`, event_type: "customer.sync", status: "pending" },
      });
    }
    expect(await onlyDelivery()).toMatchObject({ generation: 11, status: "pending", payload: `{"customer_id":${id}}` });
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([{ name: "Newest" }]);
    expect(await stripe.operations()).toEqual(["create", "update"]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
  });

  test("an archived customer may be named too; one that is not there is 404", async () => {
    const { on } = stripeStage();
    const id = await addCustomer(on.app, supervisor);
    await execute(`UPDATE customers SET archived_at = '2026-01-01' WHERE id = ${id}`);
    expect((await post(on.app, `/api/customers/${id}/sync`)).status).toBe(202);
    await expectProblem(await post(on.app, "/api/customers/999999/sync"), 404, "customer_unknown");
  });
});

describe("POST /api/sync/customers", () => {
  test("a thousand at once are a thousand jobs, and again at once still a thousand", async () => {
    const { on } = stripeStage();
    await insertCustomers(1000);
    const before = await rowCounts();
    const twins = await Promise.all([syncAll(on.app), syncAll(on.app)]);
    for (const twin of twins) expect(twin).toEqual({ queued: 1000, unknown: [], next_after: null });
    expect((await rowCounts()).deliveries).toBe((before.deliveries ?? 0) + 1000);
    expect(await queryAll("SELECT DISTINCT generation, status FROM deliveries")).toEqual([
      { generation: 2, status: "pending" },
    ]);
    expect(await syncAll(on.app)).toMatchObject({ queued: 1000 });
    expect((await rowCounts()).deliveries).toBe(1000);
    expect(await status(on.app)).toMatchObject({ total: 1000, pending: 1000, processing: 0, completed: 0, failed: 0 });
  });

  test("many are enqueued in few statements and announced in one call; the cron runs announce the rest", async () => {
    const { database, take } = countedDatabase(env.DB);
    let calls = 0;
    const announced: number[] = [];
    const sendBatch = async (messages: Iterable<{ body: { ids: number[] } }>) => {
      calls++;
      for (const { body } of messages) announced.push(...body.ids);
    };
    const { on } = stripeStage({ DB: database, DELIVERIES: { sendBatch } });
    await insertCustomers(6000);
    take();
    expect(await syncAll(on.app)).toMatchObject({ queued: 6000, next_after: null });
    expect(take().statements).toBeLessThanOrEqual(12);
    // The queue takes a hundred messages at once.
    expect(calls).toBe(Math.ceil(500 / IDS_PER_MESSAGE / 100));
    expect(announced).toHaveLength(500);
    await on.cron();
    expect(announced).toHaveLength(1100);
  });

  test("more than one request can take are taken by the next, from where it stopped", async () => {
    const { on } = stripeStage();
    await insertCustomers(3);
    const [first] = await queryAll<{ id: number }>("SELECT MIN(id) AS id FROM customers");
    expect(await syncAll(on.app, { after: first?.id })).toMatchObject({ queued: 2 });
  });

  test("named ones only, each once, and the unknown are reported", async () => {
    const { on } = stripeStage();
    const [a, b] = [await addCustomer(on.app, supervisor), await addCustomer(on.app, supervisor)];
    await execute("DELETE FROM deliveries");
    const missing = b + 1000;
    expect(await syncAll(on.app, { ids: [a, missing, a, missing] })).toEqual({
      queued: 1,
      unknown: [missing],
      next_after: null,
    });
    expect(await onlyDelivery()).toMatchObject({ subject: `customer:${a}` });
    expect(await syncAll(on.app, { ids: [] })).toEqual({ queued: 0, unknown: [], next_after: null });
  });

  test("all means those in use, and whoever is gone here and still at Stripe", async () => {
    const { on, stripe } = stripeStage();
    await insertCustomers(2);
    const [active, archived] = await queryAll<{ id: number }>("SELECT id FROM customers ORDER BY id");
    await execute(
      `UPDATE customers SET archived_at = '2026-01-01' WHERE id = ${archived?.id}`,
      "INSERT INTO external_links (kind, local_id, remote_id, linked_at) VALUES ('stripe_customer', 987654, 'cus_by_hand_1', '2026')",
      `INSERT INTO stripe_creations (customer_id, idempotency_key, parameters, first_tried_at, last_tried_at)
       VALUES (987655, 'key', '{}', '2026-11-20T10:00:00.000Z', '2026-11-20T10:00:00.000Z')`,
    );
    const created = on.time() / 1000 - 3600;
    await stripe.add(
      { name: "Removed here while there was no key" },
      { name: "Made by a try of unknown outcome", created, metadata: { customer_id: "987655" } },
    );
    expect(await syncAll(on.app)).toMatchObject({ queued: 3 });
    expect((await deliveryRows()).map((row) => row.subject)).toEqual([
      `customer:${active?.id}`,
      "customer:987654",
      "customer:987655",
    ]);
    await on.deliver();
    expect(await stripe.customers()).toMatchObject([{ name: "Customer 1" }]);
    expect(await links()).toMatchObject([{ local_id: active?.id }]);
  });

  test("a hundred at once through a bad quarter of an hour end as a hundred at Stripe, each once", async () => {
    const { on, stripe } = stripeStage();
    await insertCustomers(100);
    await stripe.script(
      { drop: "after", times: 15 },
      { error: { status: 429, code: "rate_limit", headers: { "retry-after": "20" } }, times: 15 },
      { error: { status: 500, acts: true }, times: 15 },
      { error: { status: 500 }, times: 15 },
      { drop: "before", times: 15 },
      { on: "create", drop: "after", times: 15 },
      { error: { status: 503, acts: true }, times: 15 },
    );
    expect(await syncAll(on.app)).toMatchObject({ queued: 100 });
    for (let minute = 0; minute < 200 && (await status(on.app)).completed !== 100; minute++) {
      await on.deliver();
      on.advance(minute < 20 ? 60 : 600);
      await on.cron();
    }
    expect(await status(on.app)).toMatchObject({ total: 100, completed: 100, linked: 100 });
    const customers = await stripe.customers();
    const ids = (await links()).map(({ local_id }) => String(local_id));
    expect(customers.map(({ metadata }) => metadata.customer_id).sort()).toEqual(ids.sort());
    expect((await stripe.report()).faults).toEqual([]);
  });

  test.each([{ ids: [0] }, { ids: ["1"] }, { ids: [1.5] }, { ids: 1 }, { after: -1 }, { ids: Array(10_001).fill(1) }])(
    "with %j is refused",
    async (body) => {
      const { on } = stripeStage();
      await expectProblem(await post(on.app, "/api/sync/customers", body), 400, "validation_failed");
    },
  );
});

describe("a change of a customer enqueues its sync in the same batch", () => {
  const changes: [string, Record<string, unknown>, boolean][] = [
    ["the name", { name: "Jeanne T." }, true],
    ["the company", { company: "Atelier" }, true],
    ["the e-mail address", { email: "new@atelier.example" }, true],
    ["the phone", { phone: "+1 514 555 0199" }, true],
    ["the language", { language: "en" }, true],
    ["notes and WhatsApp", { notes: "Likes tea", whatsapp: "+1 514 555 0177" }, false],
    [
      "the same values in other spellings",
      {
        name: " Jeanne Tremblay ",
        phone: "(514) 555-0123",
        email: "JEANNE@atelier.example",
        language: "fr",
        company: null,
      },
      false,
    ],
    ["nothing", {}, false],
  ];
  test.each(changes)("%s", async (_, fields, enqueues) => {
    const { on } = stripeStage();
    const id = await addCustomer(on.app, supervisor, {
      email: "jeanne@atelier.example",
      phone: "+15145550123",
      language: "fr",
    });
    await execute("DELETE FROM deliveries");
    on.lose();
    await editCustomer(on.app, supervisor, id, fields);
    expect(await deliveryRows()).toHaveLength(enqueues ? 1 : 0);
    expect(on.held).toHaveLength(enqueues ? 1 : 0);
  });

  test("not when the change itself is refused", async () => {
    const { on } = stripeStage();
    const id = await addCustomer(on.app, supervisor);
    await editCustomer(on.app, supervisor, id, { notes: "Version 2" });
    await execute("DELETE FROM deliveries");
    const stale = send(supervisor, { name: "Late" }, { "if-match": '"1"' }, "PATCH");
    await expectProblem(await on.app.request(`/api/customers/${id}`, stale), 412, "version_conflict");
    await execute(`UPDATE customers SET erased_at = '2026-01-01' WHERE id = ${id}`);
    await on.app.request(`/api/customers/${id}`, send(supervisor, { name: "Nobody" }, {}, "PATCH"));
    expect(await deliveryRows()).toEqual([]);
  });

  test("a contact method that becomes, or ceases to be, the primary one changes the customer too", async () => {
    const { on } = stripeStage();
    const id = await addCustomer(on.app, supervisor, { email: "jeanne@atelier.example" });
    await execute("DELETE FROM deliveries");
    const path = `/api/customers/${id}/contact-methods`;
    const add = async (kind: string, value: string, is_primary: boolean) => {
      const response = await on.app.request(path, send(supervisor, { kind, value, is_primary }));
      expect([200, 201]).toContain(response.status);
      return ((await response.json()) as { contact_method: { id: number } }).contact_method.id;
    };
    const other = await add("email", "other@atelier.example", false);
    await add("sms", "+1 514 555 0123", true);
    await add("email", "jeanne@atelier.example", true);
    expect(await deliveryRows()).toEqual([]);
    await add("email", "other@atelier.example", true);
    expect(await onlyDelivery()).toMatchObject({ generation: 1 });
    await on.app.request(`${path}/${other}`, send(supervisor, undefined, {}, "DELETE"));
    expect(await onlyDelivery()).toMatchObject({ generation: 2 });
  });
});

describe("without a key", () => {
  const bare = () => stage({ settings: { STRIPE_SECRET_KEY: undefined, LOG_LEVEL: "error" } });

  test("what asks for a sync is 503, nothing is enqueued, and nothing is logged as an error", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const on = bare();
    const id = await addCustomer(on.app, supervisor, { email: "jeanne@atelier.example" });
    await editCustomer(on.app, supervisor, id, { name: "Jeanne T." });
    for (const [path, body] of [
      [`/api/customers/${id}/sync`, undefined],
      ["/api/sync/customers", {}],
      ["/api/sync/resume", undefined],
    ] as const) {
      const problem = await expectProblem(await post(on.app, path, body), 503, "stripe_not_configured");
      expect(problem.detail).toContain("STRIPE_SECRET_KEY");
    }
    const erase = send(admin, undefined, {}, "DELETE");
    expect((await on.app.request(`/api/customers/${id}?erase=true`, erase)).status).toBe(204);
    await on.cron();
    expect(await deliveryRows()).toEqual([]);
    expect(on.held).toEqual([]);
    expect(await status(on.app)).toMatchObject({ configured: false, total: 0, paused: null });
    expect(log).not.toHaveBeenCalled();
  });

  test.each([undefined, "", "  "])("jobs from a time with a key wait, and use up no try (key %j)", async (key) => {
    const { on: before, stripe } = stripeStage();
    await addCustomer(before.app, supervisor);
    before.lose();
    const { id } = await onlyDelivery();
    // Stripe had refused the key that is gone now: the time for a probe comes, but none can be made.
    await execute(`INSERT INTO channel_pauses (channel, reason, credential, since, probe_at)
      VALUES ('stripe', 'authentication', 'of the key before', '2026', '2026')`);
    const on = stage({ settings: { STRIPE_SECRET_KEY: key } });
    await on.invoke([id]);
    await on.cron();
    expect(on.held).toEqual([]);
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 0 });
    await before.cron();
    await before.deliver();
    expect(await stripe.customers()).toHaveLength(1);
    expect(await pauses()).toEqual([]);
  });
});
