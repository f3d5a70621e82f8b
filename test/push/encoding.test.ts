import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeNotification, type Notification, notification } from "../../src/push/notification.ts";

// Pure functions: no database, no network.

const bytes = (text: string) => new TextEncoder().encode(text).length;

const message = (body: string): Notification => ({
  id: "dlv_1_1",
  title: "New: Haas VF-2",
  body,
  tag: "CNC-1126-0001",
  actions: [],
  data: { url: "/tickets/CNC-1126-0001", ticket_id: "CNC-1126-0001", priority: "high" },
});

const bodyOf = (text: string): string => (JSON.parse(text) as Notification).body;

test("a message that fits is sent as it is", () => {
  const short = message("[HIGH] Spindle vibrates");
  expect(JSON.parse(encodeNotification(short))).toEqual(short);
});

test("one byte too many is cut, and the cut message fills what there is", () => {
  const room = 3993 - bytes(JSON.stringify(message("")));
  expect(bytes(encodeNotification(message("x".repeat(room))))).toBe(3993);
  expect(bodyOf(encodeNotification(message("x".repeat(room))))).toBe("x".repeat(room));
  const cut = encodeNotification(message("x".repeat(room + 1)));
  expect(bodyOf(cut)).toBe(`${"x".repeat(room - bytes("…"))}…`);
  expect(bytes(cut)).toBe(3993);
});

describe("the cut falls between two characters, as a reader counts them", () => {
  test.each([
    ["emoji", "🔧"],
    ["a family of joined emoji", "👨‍👩‍👧‍👦"],
    ["a flag", "🇨🇦"],
    ["skin tones", "👍🏽"],
    ["combining accents", "e\u0301\u0323"],
    ["Hangul", "각"],
    ["characters that JSON escapes", "\u0001"],
  ])("%s", (_, character) => {
    for (const lead of ["", "x", "xx", "xxx"]) {
      const text = encodeNotification(message(lead + character.repeat(4000)));
      expect(bytes(text)).toBeLessThanOrEqual(3993);
      const body = bodyOf(text);
      const kept = body.slice(lead.length, -1);
      expect(body.endsWith("…")).toBe(true);
      expect(kept).toBe(character.repeat(kept.length / character.length));
      expect(kept.length).toBeGreaterThan(0);
    }
  });
});

test("any text within any limit is well-formed JSON, short enough, and a beginning of the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 2500 }),
      fc.integer({ min: 250, max: 3993 }),
      (body, limit) => {
        const text = encodeNotification(message(body), limit);
        expect(bytes(text)).toBeLessThanOrEqual(limit);
        expect(text.isWellFormed()).toBe(true);
        const sent = JSON.parse(text) as Notification;
        expect({ ...sent, body }).toEqual(message(body));
        expect(sent.body === body || (sent.body.endsWith("…") && body.startsWith(sent.body.slice(0, -1)))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("a machine whose name is as long as names may be fits as well, also into the smallest message", () => {
  for (const character of ["🔧", "\u0001", '"']) {
    const long = { ...message(character.repeat(200)), title: `New: ${character.repeat(200)}` };
    for (const limit of [1000, 3993]) {
      const text = encodeNotification(long, limit);
      expect(bytes(text)).toBeLessThanOrEqual(limit);
      const sent = JSON.parse(text) as Notification;
      expect(sent).toMatchObject({ id: long.id, tag: long.tag, data: long.data });
      expect(sent.title).toMatch(/^New: ../);
      expect(sent.body).not.toBe("…");
    }
  }
});

test("word of a switched-off webhook comes in both languages", () => {
  const payload = { type: "webhook.disabled", timestamp: "2026-11-20T15:04:05.123Z", url: "hooks.example.com" };
  expect(notification("dlv_9_1", payload, "en")).toEqual({
    id: "dlv_9_1",
    title: "Webhook switched off",
    body: "hooks.example.com no longer accepts deliveries.",
    tag: "webhook.disabled",
    actions: [],
    data: { url: "/" },
  });
  expect(notification("dlv_9_1", payload, "fr")).toMatchObject({
    title: "Webhook désactivé",
    body: "hooks.example.com n'accepte plus les envois.",
  });
});

test("word of a paused channel comes in both languages", () => {
  const payload = { type: "channel.paused", timestamp: "2026-11-20T15:04:05.123Z", channel: "Stripe" };
  expect(notification("dlv_9_1", payload, "en")).toMatchObject({
    title: "Deliveries paused",
    body: "Stripe refuses our key: nothing is sent.",
    tag: "channel.paused",
  });
  expect(notification("dlv_9_1", payload, "fr")).toMatchObject({
    title: "Envois suspendus",
    body: "Stripe refuse notre clé : rien ne part.",
  });
});
