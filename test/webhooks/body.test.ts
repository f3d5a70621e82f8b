import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EventPayload, webhookBody } from "../../src/webhooks/send.ts";
import { clearDeliveries } from "../deliveries/rows.ts";
import { addWebhook, bodyText, createTicket, eventOf, receiver, type Shop, setUpShop } from "../deliveries/shop.ts";
import { stage } from "../deliveries/stage.ts";
import { verifies } from "./verify.ts";

// Receivers are promised bodies under 20 KB, whatever a ticket says.

let shop: Shop;
const LIMIT = 20_000;

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
        const body = JSON.parse(text) as EventPayload & { id: string };
        const sent = body.data.ticket?.description ?? "";
        expect(body.id).toBe("dlv_1_1");
        expect(description.startsWith(sent)).toBe(true);
        expect(sent === description).toBe(body.data.ticket?.description_truncated === undefined);
      }),
      { numRuns: 50 },
    );
  });

  test("that is missing stays missing", () => {
    expect(JSON.parse(webhookBody("dlv_1_1", payload(null)))).toEqual({ id: "dlv_1_1", ...payload(null) });
  });
});
