import { beforeAll, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { bodyOf, type Refusal, requestOf, type Wish } from "../../src/web/outbox/item.ts";
import { outcomeOf } from "../../src/web/outbox/outcome.ts";
import { execute, machine, type Person, person, send } from "../helpers.ts";
import { crew, type Headers, openDesk } from "./desk.ts";

// Both ends of the outbox together: what the phone sends, and what it makes of the answers that there truly are.

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const move = (ticket: string): Wish => ({ kind: "move", ticket, from: "received", to: "in_progress", comment: null });

/** Sends what the phone sends, and reads the answer as it does. */
async function outcome(wish: Wish, sender: Person, headers: Headers = {}) {
  const { method, path } = requestOf(wish);
  const body = JSON.parse(bodyOf(wish, desk.clock.iso()) ?? "{}") as object;
  const response = await desk.app.request(path, send(sender, body, headers, method));
  const answer = (await response.json()) as Refusal;
  const { status } = response;
  const requestId = response.headers.get("x-request-id");
  return outcomeOf({ status, requestId, retryAfterMs: null, refusal: status < 400 ? null : answer });
}

test("what takes place is done", async () => {
  const { ticket_id } = await desk.create(people.operator, { machine_id });
  expect(await outcome(move(ticket_id), people.technician)).toEqual({ kind: "done" });
});

test("a ticket that was moved meanwhile is a choice, with how it stands", async () => {
  const { id, ticket_id } = await desk.create(people.operator, { machine_id });
  await desk.change(people.supervisor, id, { status: "in_progress" });
  const { assigned_to, assignee_name } = await desk.read(people.operator, id);
  const late = [move(ticket_id), { kind: "take", ticket: ticket_id, from: null, to: people.technician.id } as const];
  for (const wish of late) {
    expect(await outcome(wish, people.technician)).toMatchObject({
      kind: "overtaken",
      refusal: { status: 409, code: "overtaken", current: { status: "in_progress", assigned_to, assignee_name } },
    });
  }
});

test("a ticket that was deleted is a refusal", async () => {
  const { id, ticket_id } = await desk.create(people.operator, { machine_id });
  await desk.remove(people.admin, id);
  const comment: Wish = { kind: "comment", ticket: ticket_id, text: "hot" };
  expect(await outcome(comment, people.technician)).toMatchObject({
    kind: "refused",
    refusal: { status: 404, code: "ticket_not_found" },
  });
});

test("another person's session, and one that has ended, hold everything back", async () => {
  const { ticket_id } = await desk.create(people.operator, { machine_id });
  const headers = { "shopfloor-user": `${people.technician.id}` };
  expect(await outcome(move(ticket_id), people.supervisor, headers)).toEqual({ kind: "held", hold: "other_person" });
  const gone = await person("technician");
  await execute(`DELETE FROM sessions WHERE user_id = ${gone.id}`);
  expect(await outcome(move(ticket_id), gone)).toEqual({ kind: "held", hold: "signed_out" });
});
