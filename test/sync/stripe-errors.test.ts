import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { attemptRows, deliveryRows, onlyDelivery } from "../deliveries/rows.ts";
import { execute, type Person, person, send } from "../helpers.ts";
import { addCustomer, clearSync, creations, editCustomer, pauses } from "./customers.ts";
import { conforms, JEANNE, open } from "./opened.ts";
import type { Behaviour } from "./stripe-protocol.ts";

// Errors by their class and pauses, against the stand-in for Stripe.

let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

beforeEach(clearSync);
afterEach(conforms);

describe("an error is dealt with by its class", () => {
  interface Expected {
    status: string;
    error: string | null;
    /** Seconds to the next try, at least. */
    wait?: number;
  }
  const cases: [string, Behaviour, Expected][] = [
    [
      "429",
      { error: { status: 429, code: "rate_limit", headers: { "retry-after": "40" } } },
      { status: "pending", error: "rate limited (rate_limit, req_1)", wait: 40 },
    ],
    [
      "a lock",
      { error: { status: 429, code: "lock_timeout" } },
      { status: "pending", error: "locked (lock_timeout, req_1)", wait: 4 },
    ],
    [
      "a conflict",
      { error: { status: 409, code: "idempotency_key_in_use" } },
      { status: "pending", error: "conflict (idempotency_key_in_use, req_1)", wait: 4 },
    ],
    ["500", { error: { status: 500 } }, { status: "pending", error: "server error (req_1)", wait: 4 }],
    ["a broken connection", { drop: "before" }, { status: "pending", error: "no answer", wait: 4 }],
    [
      "402",
      { error: { status: 402, type: "card_error", code: "card_declined" } },
      { status: "failed", error: "declined (card_declined, req_1)" },
    ],
    [
      "400",
      { error: { status: 400, type: "invalid_request_error", code: "parameter_invalid", param: "phone" } },
      { status: "failed", error: "invalid request: phone (parameter_invalid, req_1)" },
    ],
    [
      "a 400 that may be repeated",
      { error: { status: 400, type: "invalid_request_error", headers: { "stripe-should-retry": "true" } } },
      { status: "pending", error: "refused for now (req_1)" },
    ],
    [
      "names that are none",
      { error: { status: 400, type: "invalid_request_error", code: "<b>x</b>", param: "a b" } },
      { status: "failed", error: "invalid request (req_1)" },
    ],
  ];

  test.each(cases)("%s", async (_, behaviour, expected) => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, JEANNE);
    await stripe.script(behaviour);
    await on.deliver();
    const job = await onlyDelivery();
    expect(job).toMatchObject({ status: expected.status, attempts: 1, last_error: expected.error });
    if (expected.wait) {
      expect(Date.parse(job.next_attempt_at ?? "")).toBeGreaterThanOrEqual(on.time() + expected.wait * 1000);
    }
    expect(await pauses()).toEqual([]);
    // Once what was wrong is over, the job gets through, and there is one customer.
    if (expected.status === "failed") {
      await on.app.request(`/api/deliveries/${job.id}/retry`, { ...send(admin), method: "POST" });
    }
    await on.deliverAll();
    expect(await onlyDelivery()).toMatchObject({ status: "completed", last_error: null });
    expect(await stripe.customers()).toHaveLength(1);
  });

  test("an address that Stripe refuses names the field, and the corrected one is sent", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, { name: "Jeanne" });
    await execute(`UPDATE customers SET email = 'not an address' WHERE id = ${id}`);
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({
      status: "failed",
      last_error: "invalid request: email (email_invalid, req_1)",
    });
    await editCustomer(on.app, admin, id, { email: "jeanne@atelier.example" });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });
    expect(await stripe.customers()).toMatchObject([{ email: "jeanne@atelier.example" }]);
  });

  test("an update that Stripe answered with 500 is repeated under a key that does not bring the 500 back", async () => {
    const { on, stripe } = open();
    const id = await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await stripe.script({ on: "update", error: { status: 500 } });
    await editCustomer(on.app, admin, id, { name: "Jeanne T." });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "pending", attempts: 1 });
    await on.deliverAll();
    expect(await stripe.customers()).toMatchObject([{ name: "Jeanne T." }]);
    expect(await onlyDelivery()).toMatchObject({ status: "completed", attempts: 2 });
  });

  test("an answer that takes its time is waited for; one that takes more than twenty seconds is not", async () => {
    const { on, stripe } = open();
    await stripe.script({ on: "create", delayMs: 500 }, { on: "create", hold: true });
    await addCustomer(on.app, admin, { name: "Slow" });
    await on.deliver();
    expect(await onlyDelivery()).toMatchObject({ status: "completed" });

    // Twenty seconds pass in a fraction of one.
    const setTimer = globalThis.setTimeout;
    const meant: unknown[] = [];
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms?: number) => {
      meant.push(ms);
      return setTimer(run, ms === 20_000 ? 300 : ms);
    }) as typeof setTimeout);
    onTestFinished(() => void vi.restoreAllMocks());
    await addCustomer(on.app, admin, { name: "Too slow" });
    await on.deliver();
    expect(meant).toContain(20_000);
    const late = "status = 'pending'";
    expect(await onlyDelivery(late)).toMatchObject({ attempts: 1, last_error: "no answer" });
    await on.deliverAll();
    expect((await stripe.customers()).map(({ name }) => name)).toEqual(["Slow", "Too slow"]);
  });

  test("nothing that Stripe says in words, and no key, is kept", async () => {
    const { on, stripe } = open();
    await addCustomer(on.app, admin, JEANNE);
    await stripe.script({ error: { status: 400, type: "invalid_request_error" } });
    await on.deliver();
    const kept = JSON.stringify([await deliveryRows(), await attemptRows(), await creations(), await pauses()]);
    expect(kept).not.toContain("sk_live_secret");
    expect(kept).not.toContain(stripe.key);
  });
});

describe("while Stripe refuses the key", () => {
  const jobs = (where: string) => deliveryRows(`channel = 'stripe' AND ${where}`);
  const told = () => deliveryRows("event_type = 'channel.paused'");
  const status = async (on: ReturnType<typeof open>["on"]) =>
    (await (await on.app.request("/api/sync", send(admin))).json()) as Record<string, unknown>;

  test.each([
    [401, "authentication"],
    [403, "permission"],
  ] as const)(
    "%i pauses the channel: jobs wait and use up no try, a probe goes on when it works again",
    async (code, reason) => {
      const { on, stripe } = open();
      await stripe.refuse(code);
      for (let i = 0; i < 7; i++) await addCustomer(on.app, admin, { name: `Customer ${i}` });
      await on.deliver();
      const { requests } = await stripe.report();
      expect(requests).toHaveLength(1);
      expect(await jobs("status = 'pending' AND attempts = 0")).toHaveLength(7);
      expect(await pauses()).toMatchObject([{ reason, probe_delivery_id: null }]);
      expect(await told()).toMatchObject([{ channel: "push", target: `user:${admin.id}`, generation: 1 }]);
      expect(await status(on)).toMatchObject({
        pending: 7,
        failed: 0,
        paused: { reason, since: "2026-11-20T15:04:05.123Z" },
      });
      const health = await (await on.app.request("/api/deliveries/health", send(admin))).json();
      expect(health).toMatchObject({ paused: [{ channel: "stripe", reason }] });

      // Nothing is even announced until the probe, and that is one job.
      on.advance(60);
      await on.cron();
      expect(on.held).toEqual([]);
      on.advance(240);
      await on.cron();
      expect(on.held).toMatchObject([{ ids: { length: 1 } }]);
      await on.deliver();
      expect((await stripe.report()).requests).toHaveLength(2);
      expect(await jobs("status = 'pending' AND attempts = 0")).toHaveLength(7);

      await stripe.refuse(null);
      on.advance(300);
      await on.cron();
      await on.deliver();
      expect(await pauses()).toEqual([]);
      expect(await told()).toMatchObject([{ generation: 1 }]);
      await on.cron();
      await on.deliver();
      expect(await jobs("status = 'completed' AND attempts = 1")).toHaveLength(7);
      expect(await stripe.customers()).toHaveLength(7);
      expect(await status(on)).toMatchObject({ completed: 7, linked: 7, paused: null });
    },
  );

  test("five jobs of one message that are refused in the same instant tell the administrators once", async () => {
    const { on, stripe } = open();
    await stripe.refuse(401);
    for (let i = 0; i < 5; i++) await addCustomer(on.app, admin, { name: `Customer ${i}` });
    await on.invoke((await jobs("true")).map((row) => row.id));
    expect((await stripe.report()).requests).toHaveLength(5);
    expect(await jobs("status = 'pending' AND attempts = 0")).toHaveLength(5);
    expect(await pauses()).toHaveLength(1);
    expect(await told()).toMatchObject([{ generation: 1 }]);
  });

  test("an operator can go on at once, and is told when it is still refused", async () => {
    const { on, stripe } = open();
    await stripe.refuse(401);
    await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    const resume = () => on.app.request("/api/sync/resume", { ...send(admin), method: "POST" });
    expect(await (await resume()).json()).toMatchObject({ pending: 1, paused: null });
    await on.deliver();
    expect(await status(on)).toMatchObject({ paused: { reason: "authentication" } });
    await stripe.refuse(null);
    expect((await resume()).status).toBe(200);
    await on.deliver();
    expect(await status(on)).toMatchObject({ completed: 1, paused: null });
  });

  test("another key goes on within a minute", async () => {
    const refused = open();
    await refused.stripe.refuse(401);
    await addCustomer(refused.on.app, admin, JEANNE);
    await refused.on.deliver();
    expect(await pauses()).toHaveLength(1);
    const { on, stripe } = open();
    on.advance(60);
    await on.cron();
    expect(on.held).toMatchObject([{ ids: { length: 1 } }]);
    await on.deliver();
    expect(await pauses()).toEqual([]);
    expect(await stripe.customers()).toHaveLength(1);
  });

  test("other channels go on", async () => {
    const { on, stripe } = open();
    await stripe.refuse(401);
    await addCustomer(on.app, admin, JEANNE);
    await on.deliver();
    await execute(
      `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
       VALUES ('webhook', 'webhook:99', 'ticket:1', 'ticket.created', '{}', '2026-11-20T15:00:00.000Z', '', '')`,
    );
    await on.cron();
    await on.deliver();
    expect(await deliveryRows("channel = 'webhook'")).toMatchObject([{ status: "failed", attempts: 1 }]);
  });
});

test("a full queue message stays within the connections and statements of one invocation", async () => {
  const { database, take } = countedDatabase(env.DB);
  const { on, stripe } = open({ DB: database });
  for (let i = 0; i < 5; i++) await addCustomer(on.app, admin, { name: `Customer ${i}` });
  on.lose();
  const ids = (await deliveryRows()).map((row) => row.id);
  await stripe.script(
    { on: "create", error: { status: 500, acts: true }, times: 3 },
    { on: "create", delayMs: 50, times: 2 },
  );
  take();
  await on.invoke(ids);
  expect(take().statements).toBeLessThanOrEqual(50);
  on.advance(10);
  await on.invoke(ids);
  expect(take().statements).toBeLessThanOrEqual(50);
  const { customers, peak } = await stripe.report();
  expect(customers).toHaveLength(5);
  expect(peak).toBeGreaterThan(1);
  expect(peak).toBeLessThanOrEqual(6);
});
