import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { at, machine, type Person, person, queryAll, rowCounts, startApp } from "../helpers.ts";
import { expectProblem, type Problem } from "../problems.ts";
import { createdTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let supervisor: Person;
let machine_id: number;

beforeAll(async () => {
  supervisor = await person("supervisor");
  machine_id = await machine("CNC");
});

// One seed, so that every run tries the same inputs; change it to look for new ones.
const RUNS = { seed: 1126, numRuns: 120 };

const anyText = fc.string({ unit: "binary", maxLength: 210 });
const anyValue = fc.oneof(fc.jsonValue({ maxDepth: 3 }), anyText, fc.double(), fc.integer(), fc.constant(undefined));

/** A member that is mostly what it should be and sometimes anything at all. */
const mostly = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: anyValue });
const anyInstant = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());

const anyTicket = fc.record(
  {
    title: mostly(fc.string({ unit: "grapheme", minLength: 3, maxLength: 60 })),
    description: mostly(anyText),
    machine_id: mostly(fc.constant(1)),
    priority: mostly(fc.constantFrom("low", "medium", "high", "critical")),
    assigned_to: mostly(fc.integer({ min: 1, max: 2 })),
    customer_id: mostly(fc.constant(null)),
    reporter_name: mostly(anyText),
    scheduled_date: mostly(anyInstant),
    is_machine_down: mostly(fc.boolean()),
    reported_at: mostly(fc.constant("2026-11-20T14:00:00Z")),
    ["__proto__"]: anyValue,
  },
  { requiredKeys: ["title", "machine_id"] },
);

/** Sends the text; it makes exactly one whole ticket, or is refused with a 4xx problem and leaves nothing behind. */
async function sendText(body: string | Uint8Array): Promise<number> {
  const before = await rowCounts();
  const headers = { authorization: `Bearer ${supervisor.token}`, "content-type": "application/json" };
  const response = await app.request("/api/tickets", { method: "POST", headers, body });
  const after = await rowCounts();
  if (response.status === 201) {
    const ticket = await createdTicket(response);
    expect(after).toEqual({
      ...before,
      tickets: ticket.id,
      ticket_timeline: ticket.id,
      document_changes: (before.document_changes ?? 0) + 1,
      ticket_counters: 1,
      // The machine stops with the first ticket that says so, and no other is needed to keep it down.
      machine_timeline: before.machine_timeline || Number(ticket.is_machine_down),
    });
    expect(ticket.ticket_id).toBe(`CNC-1126-${String(ticket.id).padStart(4, "0")}`);
    const [row] = await queryAll("SELECT title, description FROM tickets WHERE id = ?", ticket.id);
    expect(row).toEqual({ title: ticket.title, description: ticket.description });
  } else {
    expect([400, 404, 422]).toContain(response.status);
    const { code } = (await response.clone().json()) as Problem;
    await expectProblem(response, response.status, code);
    expect(after).toEqual(before);
  }
  return response.status;
}

test("any ticket-like object makes one ticket or is refused without a trace", async () => {
  expect(machine_id).toBe(1);
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(anyTicket, async (ticket) => {
      statuses.add(await sendText(JSON.stringify(ticket)));
    }),
    RUNS,
  );
  expect(statuses).toContain(201);
  expect(statuses).toContain(400);
});

test("any JSON value is refused or makes one ticket", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (text) => {
      await sendText(text);
    }),
    { ...RUNS, numRuns: 50 },
  );
});

test("any bytes are refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
      expect(await sendText(bytes)).toBe(400);
    }),
    { ...RUNS, numRuns: 50 },
  );
});
