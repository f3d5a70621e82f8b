import { beforeAll, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, person, queryAll, rowCounts } from "../helpers.ts";
import { contents, crew, expectRefusal, openDesk, ticketOf, timelineOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let technicians: Person[];
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  technicians = [people.technician, await person("technician"), await person("technician")];
  machine_id = await machine();
});

const report = () => desk.create(people.operator, { machine_id });
const actions = async (id: number) => (await timelineOf(id)).map(({ action }) => action);

test("of two technicians who start the same ticket one has it, the other is told who", {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 15; round++) {
    const { id } = await report();
    const starters = technicians.slice(0, 2);
    const answers = await Promise.all(starters.map((person) => desk.patch(person, id, { status: "in_progress" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const winner = answers.findIndex(({ status }) => status === 200);
    const owner = starters[winner]?.id;
    const won = answers[winner] as Response;
    expect(await ticketOf(won)).toMatchObject({ assigned_to: owner, acknowledged_by: owner, version: 2 });
    expect(await answers[1 - winner]?.json()).toMatchObject({
      code: "illegal_status_transition",
      allowed: ["waiting_parts", "completed", "cancelled"],
      current_status: "in_progress",
      assigned_to: owner,
    });
    expect(await desk.read(people.operator, id)).toMatchObject({ assigned_to: owner, version: 2 });
    expect(await actions(id)).toEqual(["created", "status_changed", "assigned"]);
  }
});

test("100 acknowledgements at once have one winner, and everyone sees who", { timeout: 60_000 }, async () => {
  const { id } = await report();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => desk.acknowledge(technicians[n % 3] as Person, id)),
  );
  const tickets = await Promise.all(answers.map((answer) => ticketOf(answer)));
  const winners = new Set(tickets.map(({ acknowledged_by }) => acknowledged_by));
  expect(winners.size).toBe(1);
  expect(technicians.map((person) => person.id)).toContain([...winners][0]);
  expect(tickets).toEqual(Array<Ticket>(100).fill(await desk.read(people.operator, id)));
  expect(tickets[0]).toMatchObject({ version: 2, status: "received", assigned_to: null });
  expect(await actions(id)).toEqual(["created", "acknowledged"]);
});

test("a start and an acknowledgement at once agree on who is on it", async () => {
  for (let round = 0; round < 5; round++) {
    const { id } = await report();
    const [first, second] = technicians as [Person, Person];
    const [started, acknowledged] = await Promise.all([
      desk.patch(first, id, { status: "diagnostic" }),
      desk.acknowledge(second, id),
    ]);
    expect([started?.status, acknowledged?.status]).toEqual([200, 200]);
    const ticket = await desk.read(people.operator, id);
    expect(ticket).toMatchObject({ status: "diagnostic", assigned_to: first.id });
    const acknowledgements = (await actions(id)).filter((action) => action === "acknowledged").length;
    expect(ticket.acknowledged_by).toBe(acknowledgements === 1 ? second.id : first.id);
  }
});

test("20 comments at once under one key are one comment", async () => {
  const { id, ticket_id } = await report();
  const before = await rowCounts();
  const key = { "idempotency-key": "comment-1" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => desk.comment(people.operator, ticket_id, "Smoke again", key)),
  );
  const bodies = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
  expect(new Set(bodies).size).toBe(1);
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ comment: { ticket_id: id, comment: "Smoke again" } });
  expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(19);
  expect(new Set(answers.map((answer) => answer.headers.get("location")))).toEqual(
    new Set([`/api/tickets/${ticket_id}/timeline`]),
  );
  expect(await rowCounts()).toEqual({
    ...before,
    ticket_timeline: (before.ticket_timeline ?? 0) + 1,
    document_changes: (before.document_changes ?? 0) + 1,
    idempotency_keys: (before.idempotency_keys ?? 0) + 1,
  });
  expect(await queryAll("SELECT version FROM tickets WHERE id = ?", id)).toEqual([{ version: 2 }]);

  const changed = () => desk.comment(people.operator, ticket_id, "Another text", key);
  await expectRefusal(changed, 422, "idempotency_key_reused");
  const repeated = await desk.comment(people.operator, ticket_id, " Smoke again ", key);
  expect(await repeated.text()).toBe(bodies[0]);
});

test("comments without a key, or of different people under the same key, are all kept", async () => {
  const { id } = await report();
  const key = { "idempotency-key": "comment-2" };
  await Promise.all([
    desk.comment(people.operator, id, "Smoke", key),
    desk.comment(people.technician, id, "Smoke", key),
    ...Array.from({ length: 8 }, () => desk.comment(people.operator, id, "Smoke")),
  ]);
  expect((await actions(id)).filter((action) => action === "commented")).toHaveLength(10);
});

test("a ticket deleted while it is changed is gone for whoever comes second", async () => {
  for (let round = 0; round < 5; round++) {
    const { id } = await report();
    const [removed, commented, changed, acknowledged] = await Promise.all([
      desk.remove(people.admin, id),
      desk.comment(people.operator, id, "Smoke"),
      desk.patch(people.supervisor, id, { title: "Coolant leaks" }),
      desk.acknowledge(people.technician, id),
    ]);
    expect(removed?.status).toBe(204);
    expect([201, 404]).toContain(commented?.status);
    expect([200, 404]).toContain(changed?.status);
    expect([200, 404]).toContain(acknowledged?.status);
    expect((await actions(id)).at(-1)).toBe("deleted");
    const settled = await contents();
    expect((await desk.remove(people.admin, id)).status).toBe(404);
    expect(await contents()).toEqual(settled);
  }
});
