import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EventPayload, webhookBody } from "../../src/webhooks/body.ts";
import { clearDeliveries } from "../deliveries/rows.ts";
import { addWebhook, bodyText, createTicket, eventOf, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { send } from "../helpers.ts";
import { verifies } from "./verify.ts";

// Receivers are promised bodies under 20 KB, whatever a ticket says.

let shop: Shop;
/** Under 20 KB. */
const LIMIT = 19_999;

beforeAll(async () => {
  shop = await setUpShop();
});

beforeEach(clearDeliveries);

const bytes = (text: string) => new TextEncoder().encode(text).length;

test("a description of 5,000 four-byte characters is cut on a character, and says so", async () => {
  const on = stage();
  const consumer = await receiver();
  const { secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  const description = "🔧".repeat(5000);
  await createTicket(on.app, shop.supervisor, {
    machine_id: shop.machine_id,
    title: "🔥".repeat(200),
    reporter_name: "🙂".repeat(100),
    description,
  });
  await on.deliver();
  const [received] = await consumer.requests();
  const text = bodyText(received);
  expect(bytes(text)).toBeLessThanOrEqual(LIMIT);
  expect(verifies(received, secret, on.time())).toBe(true);
  const { ticket } = eventOf(received).data;
  expect(ticket).toMatchObject({ title: "🔥".repeat(200), description_truncated: true });
  expect(ticket?.description).toMatch(/^(🔧){3000,}$/u);
});

test("a description that fits is sent whole", async () => {
  const on = stage();
  const consumer = await receiver();
  await addWebhook(on.app, shop.admin, consumer.url, ["ticket.created"]);
  const description = "é".repeat(5000);
  await createTicket(on.app, shop.supervisor, { machine_id: shop.machine_id, description });
  await on.deliver();
  const [received] = await consumer.requests();
  const { ticket } = eventOf(received).data;
  expect(ticket?.description).toBe(description);
  expect(ticket).not.toHaveProperty("description_truncated");
});

describe("any description", () => {
  const payload = (description: string | null): EventPayload => ({
    type: "ticket.created",
    timestamp: "2026-11-20T15:04:05.123Z",
    data: { ticket: { id: 1, title: "Spindle vibrates", description }, machine: { id: 1 }, actor: { id: 1 } },
  });
  const unit = fc.constantFrom("a", "é", "\u0001", '"', "\\", "\n", "🔧", "👨‍👩‍👧‍👦", "각");

  test("gives well-formed JSON within the limit, and a beginning of the text", () => {
    fc.assert(
      fc.property(unit, fc.integer({ min: 0, max: 5000 }), unit, (most, count, last) => {
        const description = most.repeat(count).slice(0, 5000) + last;
        const text = webhookBody("dlv_1_1", payload(description));
        expect(bytes(text)).toBeLessThanOrEqual(LIMIT);
        expect(text.isWellFormed()).toBe(true);
        const body = JSON.parse(text) as { id: string; data: { ticket: Record<string, unknown> } };
        const { ticket } = body.data;
        const sent = String(ticket.description);
        expect(body.id).toBe("dlv_1_1");
        expect(description.startsWith(sent)).toBe(true);
        expect(sent === description).toBe(ticket.description_truncated === undefined);
      }),
      { numRuns: 50 },
    );
  });

  test("that is missing stays missing", () => {
    expect(JSON.parse(webhookBody("dlv_1_1", payload(null)))).toEqual({ id: "dlv_1_1", ...payload(null) });
  });
});

describe("whatever its texts are", () => {
  const worst = ["🔧".repeat(5000), "\u0001".repeat(5000), "é\u0301".repeat(2500), '"\\'.repeat(2500)];

  test.each(worst)("a comment on a ticket that is long itself is cut as the description is (%#)", async (text) => {
    const on = stage();
    const consumer = await receiver();
    const { secret } = await addWebhook(on.app, shop.admin, consumer.url, ["ticket.commented"]);
    const ticket = await createTicket(on.app, shop.supervisor, {
      machine_id: shop.machine_id,
      title: "🔥".repeat(200),
      description: text,
    });
    const path = `/api/tickets/${ticket.ticket_id}/comments`;
    expect((await on.app.request(path, send(shop.supervisor, { body: text }))).status).toBe(201);
    await on.deliver();
    const [received] = await consumer.requests();
    expect(bytes(bodyText(received))).toBeLessThanOrEqual(LIMIT);
    expect(bodyText(received).isWellFormed()).toBe(true);
    expect(verifies(received, secret, on.time())).toBe(true);
    const { data } = JSON.parse(bodyText(received)) as { data: Record<string, unknown> & { ticket: Cut } };
    expect(data).toMatchObject({ comment_truncated: true, ticket: { description_truncated: true, id: ticket.id } });
    expect(text.normalize("NFC").startsWith(String(data.comment))).toBe(true);
    expect(String(data.comment).length).toBeGreaterThan(1000);
    expect(data.ticket.title).toBe("🔥".repeat(200));
  });

  type Cut = Record<string, unknown>;
  const unit = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
    fc.constantFrom("\u0000", "\u001f", "\ud83d", '"', "\\", "🔧", "👨‍👩‍👧‍👦", "a\u0300\u0301\u0302", "각"),
  );
  /** Up to 5,000 characters of one or two kinds, so that long texts are common. */
  const anyText = fc
    .tuple(unit, unit, fc.integer({ min: 0, max: 2500 }))
    .map(([a, b, count]) => (a.repeat(count) + b.repeat(count)).slice(0, 5000));
  const anyPayload = fc.record({
    title: anyText,
    description: fc.option(anyText),
    reporter_name: anyText,
    comment: anyText,
    customer: anyText,
    value: anyText,
    location: anyText,
  });
  const uuid = "3b1d0a52-77c4-8e0f-8b6a-5a0d9c1e2f34";

  test.each(["ticket.commented", "notification.fallback", "customer.notify"])(
    "a body of %s parses, stays under the limit, keeps its ids and says what was cut",
    (type) => {
      fc.assert(
        fc.property(anyPayload, ({ title, description, reporter_name, comment, customer, value, location }) => {
          const ids = { id: 9_007_199_254_740_991, ticket_id: "ABCDEF-1126-12345", status: "waiting_parts" };
          const whole = {
            ticket: { ...ids, title, description, reporter_name },
            machine: { id: 2, location },
            customer: { id: 7, name: customer },
            ...{ comment, value, news_id: uuid, reason: "all_expired" },
          };
          const at = "2026-11-20T15:04:05.123Z";
          const text = webhookBody("dlv_999999_99", { type, timestamp: at, data: whole });
          expect(bytes(text)).toBeLessThanOrEqual(LIMIT);
          const sent = JSON.parse(text) as { data: Cut };
          expect(sent).toMatchObject({ id: "dlv_999999_99", type, timestamp: at });
          expect(sent.data).toMatchObject({ news_id: uuid, reason: "all_expired", ticket: ids, customer: { id: 7 } });
          const compare = (full: Cut, cut: Cut) => {
            for (const [name, before] of Object.entries(full)) {
              const after = cut[name];
              if (typeof before === "object" && before !== null) compare(before as Cut, after as Cut);
              else if (cut[`${name}_truncated`]) {
                expect(String(before).startsWith(String(after))).toBe(true);
                if (String(before).isWellFormed()) expect(String(after).isWellFormed()).toBe(true);
                expect(String(after).length).toBeGreaterThan(0);
              } else expect(after).toBe(before);
            }
          };
          compare(whole, sent.data);
        }),
        { seed: 1126, numRuns: 100 },
      );
    },
  );
});
