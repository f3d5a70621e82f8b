import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import type { TicketStatus } from "../../src/vocabulary/statuses.ts";
import { machine, type Person } from "../helpers.ts";
import { crew, expectRefusal, openDesk, putInto, ticketOf, timelineOf } from "./desk.ts";

// Contract section 4, written down a second time: what a ticket may become from each status.
const MOVES = {
  received: ["diagnostic", "in_progress", "cancelled"],
  diagnostic: ["in_progress", "waiting_parts", "completed", "cancelled"],
  in_progress: ["waiting_parts", "completed", "cancelled"],
  waiting_parts: ["in_progress", "completed", "cancelled"],
  completed: ["archived", "in_progress"],
  cancelled: ["received", "archived"],
  archived: [],
} as const satisfies Record<TicketStatus, TicketStatus[]>;
type Status = keyof typeof MOVES;
const STATUSES = Object.keys(MOVES) as Status[];
const allowedFrom = (from: Status): readonly Status[] => MOVES[from];

const PAIRS = STATUSES.flatMap((from) => STATUSES.map((to) => ({ from, to })));
const LEGAL = PAIRS.filter(({ from, to }) => allowedFrom(from).includes(to));
const ILLEGAL = PAIRS.filter(({ from, to }) => !allowedFrom(from).includes(to));

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

/** A ticket in this status that belongs to the technician and was acknowledged, so that a move changes nothing else. */
async function ticketIn(status: Status) {
  const { id } = await desk.create(people.supervisor, { machine_id, assigned_to: people.technician.id });
  await desk.acknowledge(people.technician, id);
  await putInto(id, status, status === "completed" ? "2026-11-19T08:00:00.000Z" : null);
  return desk.read(people.technician, id);
}

test("the table has every pair once", () => {
  expect([PAIRS.length, LEGAL.length, ILLEGAL.length]).toEqual([49, 17, 32]);
});

describe("a move of the table takes place", () => {
  test.each(LEGAL)("$from → $to", async ({ from, to }) => {
    const before = await ticketIn(from);
    const updated_at = desk.clock.pass(1);
    const after = await ticketOf(await desk.patch(people.technician, before.ticket_id, { status: to }));
    const completed_at = { completed: updated_at, archived: before.completed_at }[to as string] ?? null;
    expect(after).toEqual({ ...before, status: to, completed_at, updated_at, version: before.version + 1 });
    expect(await desk.read(people.technician, before.id)).toEqual(after);
    const name = after.assignee_name;
    expect(await timelineOf(before.id, 2)).toEqual([
      { action: "status_changed", old_value: from, new_value: to, comment: null, user_name: name },
    ]);
  });
});

describe("any other move is refused and nothing changes", () => {
  test.each(ILLEGAL)("$from → $to", async ({ from, to }) => {
    const { id } = await ticketIn(from);
    const problem = await expectRefusal(
      () => desk.patch(people.technician, id, { status: to, comment: "All the same" }),
      409,
      "illegal_status_transition",
    );
    expect(problem).toMatchObject({
      allowed: allowedFrom(from),
      current_status: from,
      assigned_to: people.technician.id,
    });
  });
});
