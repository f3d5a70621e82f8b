import { describe, expect, test } from "vitest";
import { discard, insist, yieldTo } from "../../src/web/outbox/choices.ts";
import {
  bodyOf,
  type ItemState,
  type OutboxItem,
  type Refusal,
  requestOf,
  type Wish,
} from "../../src/web/outbox/item.ts";
import { blockedBy, nextTime, sendable } from "../../src/web/outbox/order.ts";
import { type Answered, outcomeOf, waitAfter } from "../../src/web/outbox/outcome.ts";
import { overlay } from "../../src/web/outbox/overlay.ts";

const AT = "2026-11-02T08:00:00.000Z";
const refusal: Refusal = { status: 409, code: "overtaken", detail: "Marc was first.", errors: [], current: null };
const waiting: ItemState = { state: "waiting" };

const item = (seq: number, wish: Wish, state: ItemState = waiting, next_at = 0): OutboxItem => ({
  ...state,
  seq,
  key: `key-${seq}`,
  wish,
  body: bodyOf(wish, AT),
  occurred_at: AT,
  attempts: 0,
  next_at,
});
const report = (local: string): Wish => ({
  kind: "report",
  local,
  machine_id: 1,
  title: "Leak",
  description: null,
  is_machine_down: true,
  priority: "high",
});
const comment = (ticket: string): Wish => ({ kind: "comment", ticket, text: "hot" });
const move = (ticket: string, note: string | null = null): Wish => ({
  kind: "move",
  ticket,
  from: "diagnostic",
  to: "in_progress",
  comment: note,
});
const seqs = (items: OutboxItem[]) => items.map(({ seq }) => seq);

describe("the order of an outbox", () => {
  test("sends reports first, then each ticket's earliest", () => {
    const items = [
      item(1, comment("CNC-1126-0001")),
      item(2, comment("CNC-1126-0001")),
      item(3, report("local:a")),
      item(4, comment("local:a")),
      item(5, comment("CNC-1126-0002")),
    ];
    expect(seqs(sendable(items, 0))).toEqual([3, 1, 5]);
  });

  test("lets nothing of a ticket pass the one that waits for its next try", () => {
    const items = [item(1, comment("CNC-1126-0001"), waiting, 500), item(2, comment("CNC-1126-0001"))];
    expect(sendable(items, 499)).toEqual([]);
    expect(nextTime(items)).toBe(500);
    expect(seqs(sendable(items, 500))).toEqual([1]);
  });

  test("holds back what was built on a refused item, and nothing else", () => {
    const items = [
      item(1, report("local:a"), { state: "refused", refusal }),
      item(2, comment("local:a")),
      item(3, move("CNC-1126-0001"), { state: "overtaken", refusal }),
      item(4, move("CNC-1126-0001")),
      item(5, comment("CNC-1126-0001")),
    ];
    expect(seqs(sendable(items, 0))).toEqual([5]);
    expect(items.map((one) => blockedBy(one, items)?.seq ?? null)).toEqual([null, 1, null, 3, null]);
    expect(nextTime(items.slice(0, 4))).toBe(null);
  });
});

describe("an answer", () => {
  const answered = (status: number, code?: string, more: Partial<Answered> = {}): Answered => ({
    status,
    requestId: "r",
    retryAfterMs: null,
    refusal: code === undefined ? null : { ...refusal, status, code },
    ...more,
  });

  test.each([
    ["none at all", null, { kind: "again", everything: true }],
    ["a hotel's page", answered(200, undefined, { requestId: null }), { kind: "again", everything: true }],
    ["a proxy's refusal", answered(403, undefined, { requestId: null }), { kind: "again", everything: true }],
    ["201", answered(201), { kind: "done" }],
    ["401", answered(401, "unauthorized"), { kind: "held", hold: "signed_out" }],
    ["426", answered(426, "app_too_old"), { kind: "held", hold: "app_too_old" }],
    ["another's session", answered(409, "signed_in_as_other"), { kind: "held", hold: "other_person" }],
    [
      "429",
      answered(429, "too_many_requests", { retryAfterMs: 60_000 }),
      { kind: "again", everything: true, afterMs: 60_000 },
    ],
    ["503", answered(503, "database_unavailable"), { kind: "again", everything: true }],
    ["500", answered(500, "internal_error"), { kind: "again", everything: false }],
    ["a twin under way", answered(409, "request_in_progress"), { kind: "again", everything: false }],
    ["a move that came too late", answered(409, "overtaken"), { kind: "overtaken" }],
    ["an illegal move", answered(409, "illegal_status_transition"), { kind: "overtaken" }],
    ["an older version", answered(412, "version_conflict"), { kind: "overtaken" }],
    ["a deleted ticket", answered(404, "ticket_not_found"), { kind: "refused" }],
    ["a bad text", answered(422, "value_not_accepted"), { kind: "refused" }],
  ])("%s", (_, given, wanted) => expect(outcomeOf(given)).toMatchObject(wanted));

  test("is waited for ever longer, and never in step with other phones", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 70].map((attempts) => waitAfter(attempts, 0.5));
    expect(waits).toEqual([5_000, 15_000, 30_000, 60_000, 120_000, 300_000, 300_000, 300_000]);
    expect([waitAfter(1, 0), waitAfter(1, 1)]).toEqual([4_000, 6_000]);
  });
});

describe("a choice", () => {
  const first = item(1, move("CNC-1126-0001", "bearing hot"), { state: "overtaken", refusal });
  const items = [first, item(2, move("CNC-1126-0001", "done")), item(3, comment("CNC-1126-0001"))];

  test("to give way keeps what was written, at its place", () => {
    const { removed, added } = yieldTo(first, items);
    expect(seqs(removed)).toEqual([1, 2]);
    expect(added.map(({ seq, wish }) => [seq, wish.kind === "comment" && wish.text])).toEqual([
      [1, "bearing hot"],
      [2, "done"],
    ]);
  });

  test("to do it still starts from where the ticket stands, where that is legal", () => {
    const current = { status: "waiting_parts", assigned_to: 2, assignee_name: "Marc" } as const;
    expect(insist(first, current)?.added).toMatchObject([
      { seq: 1, wish: { from: "waiting_parts", to: "in_progress" } },
    ]);
    expect(insist(first, { ...current, status: "archived" })).toBe(null);
    expect(insist(first, null)).toBe(null);
  });

  test("to throw a report away takes all that was for it", () => {
    const refused = item(1, report("local:a"), { state: "refused", refusal });
    const all = [refused, item(2, comment("local:a")), item(3, comment("CNC-1126-0001"))];
    expect(seqs(discard(refused, all).removed)).toEqual([1, 2]);
  });
});

describe("a request", () => {
  test("names its ticket, its guard and the time of the tap", () => {
    expect(requestOf(move("CNC-1126-0001"))).toEqual({ method: "PATCH", path: "/api/tickets/CNC-1126-0001" });
    expect(JSON.parse(bodyOf(move("CNC-1126-0001", "hot"), AT) ?? "")).toEqual({
      status: "in_progress",
      from_status: "diagnostic",
      comment: "hot",
      occurred_at: AT,
    });
    expect(JSON.parse(bodyOf(report("local:a"), AT) ?? "")).toMatchObject({ reported_at: AT, is_machine_down: true });
  });
});

describe("what is shown", () => {
  const names = { me: { id: 7, name: "Tara" }, machine: () => "Haas VF-2", person: () => "Tara" };

  test("is a report before it has a number", () => {
    const items = [
      item(1, report("local:a")),
      item(2, { ...move("local:a"), from: "received", to: "diagnostic" } as Wish),
    ];
    expect(overlay("local:a", null, items, names, () => false)).toMatchObject({
      ref: "local:a",
      number: null,
      status: "diagnostic",
      machine_name: "Haas VF-2",
      assigned_to: 7,
      acknowledged_at: AT,
      pending: [{ blocked: false }, { blocked: false }],
    });
    expect(overlay("local:b", null, items, names, () => false)).toBe(null);
  });

  test("leaves out what was refused, and still names it", () => {
    const items = [item(1, report("local:a")), item(2, move("local:a"), { state: "refused", refusal })];
    expect(overlay("local:a", null, items, names, () => false)).toMatchObject({
      status: "received",
      pending: [{}, { item: { seq: 2 } }],
    });
  });
});
