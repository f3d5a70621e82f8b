import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxAttempts, nextAttemptAt } from "../../src/deliveries/schedule.ts";
import { retryAfterSeconds } from "../../src/outgoing/retry-after.ts";
import type { Channel } from "../../src/vocabulary/channels.ts";

// Pure functions: no database, no network.

const NOW = new Date("2026-11-20T15:04:05.123Z");
const seconds = (at: Date | null) => (at ? (at.getTime() - NOW.getTime()) / 1000 : null);
const wait = (channel: Channel, attempts: number, asked: number | null = null, random = 0.5) =>
  seconds(nextAttemptAt(channel, attempts, NOW, asked, () => random));

test("webhooks wait 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, then have failed", () => {
  const waits = Array.from({ length: 8 }, (_, index) => wait("webhook", index + 1));
  expect(waits).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000, null]);
  expect(maxAttempts("webhook")).toBe(8);
});

test("pushes are tried again sooner, and within the time to live", () => {
  const waits = Array.from({ length: 7 }, (_, index) => wait("push", index + 1));
  expect(waits).toEqual([10, 60, 300, 1800, 7200, 14_400, null]);
  expect(maxAttempts("push")).toBe(7);
});

test("each wait varies by a fifth either way, and uses the whole range", () => {
  expect(wait("webhook", 2, null, 0)).toBeCloseTo(240, 6);
  expect(wait("webhook", 2, null, 1)).toBeCloseTo(360, 6);
  const waits = Array.from({ length: 200 }, () => seconds(nextAttemptAt("webhook", 2, NOW)) ?? 0);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(240);
  expect(Math.min(...waits)).toBeLessThan(260);
  expect(Math.max(...waits)).toBeLessThanOrEqual(360);
  expect(Math.max(...waits)).toBeGreaterThan(340);
});

test("what the receiver asks for lengthens a wait up to six hours, and never shortens it", () => {
  expect(wait("webhook", 1, 60)).toBe(60);
  expect(wait("webhook", 1, 1)).toBe(5);
  expect(wait("webhook", 1, 0)).toBe(5);
  expect(wait("webhook", 1, 365 * 24 * 60 * 60)).toBe(6 * 60 * 60);
  expect(wait("webhook", 6, 365 * 24 * 60 * 60)).toBe(36_000);
  expect(wait("webhook", 8, 60)).toBeNull();
});

test("no wait is ever shorter than the schedule or longer than cap and schedule allow", () => {
  const channel = fc.constantFrom<Channel>("push", "webhook");
  const asked = fc.option(fc.integer({ min: 0, max: 1e10 }));
  fc.assert(
    fc.property(
      channel,
      fc.integer({ min: 1, max: 7 }),
      asked,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (...args) => {
        const [name, attempts, retryAfter, random] = args;
        const plain = wait(name, attempts, null, random);
        const chosen = wait(name, attempts, retryAfter, random);
        if (plain === null) expect(chosen).toBeNull();
        else expect(chosen).toBeCloseTo(Math.max(plain, Math.min(retryAfter ?? 0, 21_600)), 2);
      },
    ),
  );
});

describe("Retry-After", () => {
  test.each([
    ["120", 120],
    [" 120 ", 120],
    ["0", 0],
    ["21600", 21_600],
    ["21601", 21_600],
    ["31536000", 21_600],
    ["99999999999", 21_600],
    [`${"9".repeat(400)}`, 21_600],
    ["Fri, 20 Nov 2026 15:07:05 GMT", 179.877],
    ["Fri, 20 Nov 2020 15:07:05 GMT", 0],
    ["Sat, 20 Nov 2027 15:04:05 GMT", 21_600],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 21_600],
    [null, null],
    ["", null],
    ["soon", null],
    ["-5", null],
    ["1.5", null],
    ["1e3", null],
    ["99999999999999999999", 21_600],
    ["9e99", null],
    ["0x10", null],
    ["Fri, 99 Nov 2026 15:07:05 GMT", null],
    ["2026-11-20T15:07:05Z", null],
    ["120, 240", null],
  ])("%j asks for %j seconds", (header, expected) => {
    expect(retryAfterSeconds(header, NOW)).toBe(expected);
  });

  test("never is anything but a number of seconds or nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789 .,-+eE") })), (header) => {
        const asked = retryAfterSeconds(header, NOW);
        if (asked !== null) {
          expect(asked).toBeGreaterThanOrEqual(0);
          expect(asked).toBeLessThanOrEqual(21_600);
        }
      }),
    );
  });
});
