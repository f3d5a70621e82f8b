import { createHash } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DeliveryRow, deliveryRows, notices } from "../deliveries/rows.ts";
import { eventOf, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { execute, queryAll, send } from "../helpers.ts";
import { interposed } from "../tickets/interposed.ts";
import { customerDesk, decisions, EMAIL, history, news, REACHABLE } from "./customer.ts";
import { clearMail, emailRows, newestEmail } from "./mailbox.ts";

// What the customer of a ticket hears by itself.

let shop: Shop;

beforeAll(async () => {
  shop = await setUpShop();
});

const setUp = (fields: Record<string, unknown> = REACHABLE, settings: Record<string, unknown> = {}) =>
  customerDesk(shop, fields, settings);

beforeEach(clearMail);

describe("which changes are news", () => {
  test("created, started, waiting for parts, completed: one mail each, in the customer's language", async () => {
    const { on, create, change, customer, sent } = await setUp({ ...REACHABLE, language: "fr" });
    const { id, ticket_id } = await create();
    await on.deliver();
    for (const status of ["diagnostic", "in_progress", "waiting_parts", "in_progress", "completed", "archived"]) {
      await change(id, { status });
      await on.deliver();
    }
    const told = ["Nous avons reçu votre demande", "Les travaux ont commencé", "En attente de pièces"];
    const subjects = [...told, "Les travaux ont commencé", "Les travaux sont terminés"];
    expect(sent.map(({ subject }) => subject)).toEqual(subjects.map((subject) => `[${ticket_id}] ${subject}`));
    expect(sent.map(({ to }) => to)).toEqual(Array(5).fill({ email: EMAIL, name: "Jeanne Tremblay" }));
    expect(sent[0]?.text).toContain("Bonjour Jeanne Tremblay,");
    expect(await history()).toEqual(
      subjects.map((summary) => ({
        customer_id: customer,
        ticket_id: id,
        channel: "email",
        direction: "outbound",
        summary,
        value: EMAIL,
      })),
    );
    expect(await notices(id)).toEqual(Array(5).fill({ action: "notified", comment: "email" }));
    expect(sent[0]?.headers["Auto-Submitted"]).toBe("auto-generated");
    expect(sent[4]?.headers.References?.split(" ")).toHaveLength(5);
    // The rows of the outbox say nothing about the person.
    for (const { payload } of await deliveryRows()) expect(payload).not.toMatch(/jeanne|tremblay|514/i);
  });

  test("received is told once, however often a ticket comes back to it", async () => {
    const { on, create, change, sent } = await setUp();
    const { id } = await create();
    for (const status of ["cancelled", "received"]) await change(id, { status });
    await on.deliver();
    expect(sent).toHaveLength(1);
  });

  test.each<[string, string[], Record<string, unknown>, string | null]>([
    ["at the beginning", [], {}, "We have received your request"],
    ["during the work", ["in_progress"], {}, "Work has started"],
    ["while parts are missing", ["diagnostic", "waiting_parts"], {}, "Waiting for parts"],
    ["during the diagnosis", ["diagnostic"], {}, "We have received your request"],
    ["together with a status that is news", [], { status: "in_progress" }, "Work has started"],
    ["together with a status that is none", [], { status: "diagnostic" }, "We have received your request"],
    ["after the end", ["cancelled"], {}, null],
    ["together with the end", [], { status: "cancelled" }, null],
  ])("a customer who is named %s hears how things stand", async (_, path, patch, subject) => {
    const { on, create, change, customer, sent } = await setUp();
    const { id } = await create({ customer_id: null });
    for (const status of path) await change(id, { status });
    expect(await news()).toEqual([]);
    await change(id, { customer_id: customer, ...patch });
    await on.deliver();
    expect(sent.map((mail) => mail.subject.replace(/^\[.*?\] /, ""))).toEqual(subject === null ? [] : [subject]);
  });

  test("a ticket without a customer, and changes that are none of theirs, enqueue nothing", async () => {
    const { on, create, change } = await setUp();
    const { id } = await create({ customer_id: null });
    for (const status of ["in_progress", "completed"]) await change(id, { status });
    const theirs = await create();
    await change(theirs.id, { title: "Spindle vibrates more", priority: "high" });
    await change(theirs.id, { comment: "Noted" });
    expect(await news()).toMatchObject([{ subject: `ticket:${theirs.id}`, event_type: "ticket.received" }]);
    on.lose();
  });
});

describe("by the way that the customer prefers", () => {
  test.each([
    ["whatsapp", "+15145550199"],
    ["sms", "+15145550123"],
    ["phone", "+15145550123"],
  ])("%s, through a webhook that listens", async (method, value) => {
    const { on, create, customer, listener, prefer, sent } = await setUp();
    await prefer({ preferred_channel: method });
    const consumer = await listener();
    const { id, ticket_id } = await create();
    await on.deliver();
    const [received, ...more] = await consumer.requests();
    expect(more).toEqual([]);
    const message = `[${ticket_id}] We have received your request. Your request has been received. We will keep you informed.`;
    expect(eventOf(received)).toMatchObject({
      type: "customer.notify",
      data: {
        ticket: { ticket_id, customer_id: customer },
        machine: { name: "Haas VF-2" },
        customer: { id: customer, name: "Jeanne Tremblay" },
        method,
        value,
        event: "ticket.received",
        message,
        language: "en",
      },
    });
    expect(sent).toEqual([]);
    expect(await history()).toMatchObject([
      { customer_id: customer, ticket_id: id, channel: method, summary: message, value },
    ]);
    expect(await notices(id)).toEqual([{ action: "notified", comment: method }]);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>, boolean, string]>([
    ["no webhook listens", REACHABLE, { preferred_channel: "whatsapp" }, false, "by email"],
    ["there is no number", { email: EMAIL }, { preferred_channel: "sms" }, true, "by email"],
    ["that way is not allowed", REACHABLE, { preferred_channel: "whatsapp", allow_whatsapp: false }, true, "by email"],
    ["e-mail is not allowed", REACHABLE, { allow_email: false }, true, "by whatsapp"],
    ["only text messages are", REACHABLE, { allow_email: false, allow_whatsapp: false }, true, "by sms"],
    ["there is no address", { phone: "+15145550123" }, { allow_whatsapp: false, allow_sms: false }, true, "by phone"],
    [
      "e-mail is not allowed and nobody listens",
      REACHABLE,
      { allow_email: false },
      false,
      "the customer allows no way that we have",
    ],
    [
      "nothing is allowed",
      REACHABLE,
      { allow_email: false, allow_whatsapp: false, allow_sms: false, allow_phone: false },
      true,
      "the customer allows no way that we have",
    ],
    ["nothing is known", {}, {}, true, "the customer allows no way that we have"],
  ])("when %s", async (_, fields, preferences, listens, decision) => {
    const { on, create, listener, prefer } = await setUp(fields);
    await prefer(preferences);
    if (listens) await listener();
    await create();
    const [job] = await news();
    await on.invoke([job?.id ?? 0]);
    expect(await decisions()).toEqual([decision]);
    const told = decision.startsWith("by ") ? 1 : 0;
    expect((await deliveryRows()).length).toBe(1 + told);
    expect(await news()).toMatchObject([{ status: "completed", attempts: 1 }]);
    on.lose();
  });

  test("an address that opted out before it was this customer's is not written to", async () => {
    const { on, create, sent, listener } = await setUp();
    const digest = createHash("sha256").update(EMAIL).digest("base64url");
    await execute(`INSERT INTO email_opt_outs VALUES ('${digest}', '2026-01-01T00:00:00.000Z')`);
    const consumer = await listener();
    await create();
    await on.deliver();
    expect(sent).toEqual([]);
    expect((await consumer.requests()).map((received) => eventOf(received).data.method)).toEqual(["whatsapp"]);
  });

  test("missing preferences count as a new customer's, and an old row's address as it is compared", async () => {
    const { on, create, customer, sent } = await setUp();
    await execute(
      "DELETE FROM contact_preferences",
      `UPDATE customers SET email = 'JEANNE@Atelier.example' WHERE id = ${customer}`,
    );
    await create();
    await on.deliver();
    expect(sent).toHaveLength(1);
    expect(await newestEmail()).toMatchObject({ recipient: EMAIL, customer_id: customer });
  });
});

describe("nobody hears what is not for them", () => {
  test.each<[string, (id: number, customer: number) => string]>([
    [
      "archived",
      (_, customer) => `UPDATE customers SET archived_at = '2026-11-20T15:00:00.000Z' WHERE id = ${customer}`,
    ],
    ["no longer the ticket's", (id) => `UPDATE tickets SET customer_id = NULL WHERE id = ${id}`],
    [
      "the customer of a deleted ticket",
      (id) => `UPDATE tickets SET deleted_at = '2026-11-20T15:00:00.000Z' WHERE id = ${id}`,
    ],
  ])("%s by the time", async (_, sql) => {
    const { on, create, customer, sent, answer } = await setUp();
    const before = await create();
    await execute(sql(before.id, customer));
    await on.deliver();
    expect(await decisions()).toEqual(["nobody to tell any more"]);
    expect(sent).toEqual([]);
    await execute(
      `UPDATE customers SET archived_at = NULL`,
      `UPDATE tickets SET deleted_at = NULL, customer_id = ${customer}`,
    );

    // The mail is written, but its first try fails; then it concerns nobody any more.
    const { id } = await create({ title: "Coolant leaks" });
    answer(EMAIL, () => Promise.reject(new Error("later")));
    await on.deliver();
    await execute(sql(id, customer));
    await on.deliverAll();
    expect(sent).toEqual([]);
    expect(await newestEmail()).toMatchObject({ status: "suppressed", reason: "not_concerned" });
  });

  test("archived between the decision and its batch", async () => {
    for (const method of ["email", "whatsapp"]) {
      await clearMail();
      const { on, create, customer, listener, prefer, sent } = await setUp();
      await prefer({ preferred_channel: method });
      const consumer = await listener();
      await create();
      const [job] = await news();
      const archive = () =>
        execute(`UPDATE customers SET archived_at = '2026-11-20T15:00:00.000Z' WHERE id = ${customer}`);
      expect(await stage({ settings: { DB: interposed(archive) } }).invoke([job?.id ?? 0])).toBe("returned");
      on.advance(181);
      await on.cron();
      await on.deliver();
      expect(await decisions()).toEqual(["nobody to tell any more"]);
      expect([await emailRows(), await history(), sent, await consumer.requests()]).toEqual([[], [], [], []]);
    }
  });

  test("an erased customer stays erased, also when the mail was on its way", async () => {
    const { on, create, customer, answer } = await setUp();
    await create();
    const erase = on.app.request.bind(
      null,
      `/api/customers/${customer}?erase=true`,
      send(shop.admin, undefined, {}, "DELETE"),
    );
    answer(EMAIL, async () => expect((await erase()).status).toBe(204));
    await on.deliverAll();
    expect([await emailRows(), await history()]).toEqual([[], []]);
    expect(await queryAll("SELECT subject FROM email_messages")).toEqual([{ subject: "erased" }]);
  });
});

test("what has been told is not told again by an operator's retry; what could not be told is", async () => {
  const { on, create, listener, prefer, sent } = await setUp();
  const retry = async (job: DeliveryRow | undefined) => {
    const response = await on.app.request(`/api/deliveries/${job?.id}/retry`, {
      ...send(shop.supervisor),
      method: "POST",
    });
    expect(response.status).toBe(202);
    await on.deliver();
  };
  await prefer({ allow_email: false });
  await create();
  await on.deliver();
  await prefer({});
  await retry((await news())[0]);
  expect(sent).toHaveLength(1);
  await retry((await news())[0]);
  expect(sent).toHaveLength(1);

  await prefer({ preferred_channel: "whatsapp" });
  const consumer = await listener();
  await create();
  await on.deliver();
  await retry((await news())[1]);
  expect(await consumer.requests()).toHaveLength(1);
});

test("a notification that no receiver takes is noted in the timeline, once", async () => {
  const { on, create, listener, prefer } = await setUp();
  await prefer({ preferred_channel: "whatsapp" });
  await listener({ status: 500 });
  const { id } = await create();
  for (let hour = 0; hour < 40; hour++) {
    await on.deliverAll();
    on.advance(3600);
    await on.cron();
  }
  expect(await deliveryRows("channel = 'webhook'")).toMatchObject([{ status: "failed", attempts: 8 }]);
  expect(await notices(id)).toEqual([
    { action: "notified", comment: "whatsapp" },
    { action: "notification_failed", comment: "whatsapp" },
  ]);
});
