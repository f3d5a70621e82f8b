import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { MachineEntry } from "../../src/machines/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, queryAll, send } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { crew, openDesk } from "../tickets/desk.ts";
import { patchMachine, shownMachine } from "./api.ts";

type Status = "operational" | "maintenance" | "out_of_service";

const desk = openDesk();
let people: Record<Role, Person>;

beforeAll(async () => {
  people = await crew();
});

const shown = async (id: number) => shownMachine(await desk.app.request(`/api/machines/${id}`, send(people.operator)));
const set = (id: number, status: Status, status_reason?: string) =>
  patchMachine(desk.app, people.supervisor, id, { status, status_reason });
const csv = (name: string) => ({
  method: "POST",
  headers: { authorization: `Bearer ${people.supervisor.token}`, "content-type": "text/csv" },
  body: `title;machine;is_machine_down\nImported;${name};yes\n`,
});

async function timeline(id: number, query = "") {
  const response = await desk.app.request(`/api/machines/${id}/timeline${query}`, send(people.operator));
  expect(response.status).toBe(200);
  const body = (await response.json()) as { timeline: unknown[]; next_cursor: string | null };
  return { entries: body.timeline.map((entry) => MachineEntry.strict().parse(entry)), next: body.next_cursor };
}

test("a machine that a person locked stays locked, whatever becomes of tickets, until a person lifts it", async () => {
  const id = await machine();
  const old = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
  await desk.change(people.technician, old.id, { status: "in_progress" });
  await desk.change(people.technician, old.id, { status: "completed" });
  const since = desk.clock.pass(5);
  expect((await set(id, "out_of_service", "Guard is off")).status).toBe(200);
  desk.clock.pass(5);
  expect((await desk.comment(people.operator, old.id, "Thanks!")).status).toBe(201);
  const other = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
  await desk.change(people.technician, other.id, { is_machine_down: false });
  expect((await desk.remove(people.admin, other.id)).status).toBe(204);
  expect(await shown(id)).toMatchObject({
    status: "out_of_service",
    status_cause: "person",
    status_since: since,
    set_status: "out_of_service",
    set_by: people.supervisor.id,
    set_reason: "Guard is off",
  });
  expect((await set(id, "operational")).status).toBe(200);
  expect(await shown(id)).toMatchObject({ status: "operational", status_cause: null, set_by: null, set_reason: null });
});

test("each change stands in the machine's timeline with who, when and why, newest first", async () => {
  const id = await machine();
  const ticket = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
  await desk.change(people.technician, ticket.id, { status: "in_progress" });
  const ended = desk.clock.pass(30);
  await desk.change(people.technician, ticket.id, { status: "completed" });
  const serviced = desk.clock.pass(30);
  await set(id, "maintenance", "Yearly service");
  await set(id, "maintenance");
  const all = (await timeline(id)).entries;
  expect(all).toMatchObject([
    {
      user_id: people.supervisor.id,
      old_value: "operational",
      new_value: "maintenance",
      cause: "person",
      ticket_id: null,
      comment: "Yearly service",
      created_at: serviced,
    },
    {
      user_id: people.technician.id,
      old_value: "out_of_service",
      new_value: "operational",
      cause: "tickets",
      ticket_id: ticket.ticket_id,
      created_at: ended,
    },
    { user_id: people.operator.id, new_value: "out_of_service", cause: "tickets", ticket_id: ticket.ticket_id },
  ]);
  const first = await timeline(id, "?limit=2");
  const rest = await timeline(id, `?limit=2&cursor=${first.next}`);
  expect([...first.entries, ...rest.entries]).toEqual(all);
  await expectProblem(await desk.get(people.operator, "/api/machines/999999/timeline"), 404, "machine_not_found");
  await expectProblem(await desk.get(null, `/api/machines/${id}/timeline`), 401, "unauthorized");
});

test.each(["maintenance", "out_of_service"] as const)(
  "a machine that is added as %s has that noted and told, once however often it is sent",
  async (status) => {
    await execute(`INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
      VALUES ('https://${status}.example/', '["machine.status_changed"]', 'whsec_AAAA', '${desk.clock.iso()}', '${desk.clock.iso()}')`);
    const body = { machine_type: "CNC", name: "Second hand", status, status_reason: "Being set up" };
    const add = () =>
      desk.app.request("/api/machines", send(people.supervisor, body, { "idempotency-key": `add-${status}` }));
    const first = await shownMachine(await add(), 201);
    expect(await shownMachine(await add(), 201)).toEqual(first);
    const { entries } = await timeline(first.id);
    expect(entries).toEqual([
      {
        id: expect.any(Number),
        machine_id: first.id,
        user_id: people.supervisor.id,
        user_name: expect.any(String),
        action: "status_changed",
        old_value: "operational",
        new_value: status,
        cause: "person",
        ticket_id: null,
        comment: "Being set up",
        created_at: first.created_at,
      },
    ]);
    const told = await queryAll<{ id: number; payload: string }>(
      `SELECT d.id, d.payload FROM deliveries d JOIN webhook_endpoints w ON d.target = 'webhook:' || w.id
       WHERE w.url = 'https://${status}.example/' AND d.subject = 'machine:${first.id}/e${entries[0]?.id}'`,
    );
    expect(told.map(({ payload }) => JSON.parse(payload).data)).toMatchObject([
      { machine: { id: first.id }, old_status: "operational", new_status: status, reason: "Being set up" },
    ]);
    expect(desk.announced).toContain(told[0]?.id);
    await execute("DELETE FROM deliveries", "DELETE FROM webhook_endpoints");
  },
);

test("a machine that is added operational, or not at all, has no entry", async () => {
  const before = await queryAll("SELECT COUNT(*) AS n FROM machine_timeline");
  const body = { machine_type: "CNC", name: "New", serial_number: "ONCE" };
  await shownMachine(await desk.app.request("/api/machines", send(people.supervisor, body)), 201);
  const again = await desk.app.request("/api/machines", send(people.supervisor, { ...body, status: "maintenance" }));
  await expectProblem(again, 409, "serial_number_taken");
  expect(await queryAll("SELECT COUNT(*) AS n FROM machine_timeline")).toEqual(before);
});

test("it is told to the endpoints that listen, once for each change", async () => {
  const id = await machine("MIL", "Mill");
  await execute(`INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
    VALUES ('https://listener.example/', '["machine.status_changed"]', 'whsec_AAAA', '${desk.clock.iso()}', '${desk.clock.iso()}')`);
  await set(id, "out_of_service", "Fire door blocked");
  await set(id, "out_of_service", "Again");
  const ticket = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
  await desk.change(people.technician, ticket.id, { is_machine_down: false });
  await set(id, "operational");
  const down = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
  const told = await queryAll<{ payload: string }>(
    `SELECT payload FROM deliveries WHERE event_type = 'machine.status_changed' AND subject LIKE 'machine:${id}/%' ORDER BY id`,
  );
  expect(told.map(({ payload }) => JSON.parse(payload).data)).toMatchObject([
    {
      machine: { id, machine_type: "MIL", name: "Mill", status: "out_of_service", status_cause: "person" },
      old_status: "operational",
      new_status: "out_of_service",
      cause: "person",
      reason: "Fire door blocked",
      ticket: null,
      actor: { id: people.supervisor.id },
    },
    { old_status: "out_of_service", new_status: "operational", cause: "person" },
    { new_status: "out_of_service", cause: "tickets", ticket: { id: down.id, ticket_id: down.ticket_id } },
  ]);
});

test("the last ticket completed while a person locks the machine: the lock holds", async () => {
  for (let round = 0; round < 5; round++) {
    const id = await machine();
    const ticket = await desk.create(people.operator, { machine_id: id, is_machine_down: true });
    await desk.change(people.technician, ticket.id, { status: "in_progress" });
    const [moved, locked] = await Promise.all([
      desk.patch(people.technician, ticket.id, { status: "completed" }),
      set(id, "out_of_service"),
    ]);
    expect([moved.status, locked.status]).toEqual([200, 200]);
    expect(await shown(id)).toMatchObject({ status: "out_of_service", status_cause: "person" });
  }
});

interface Model {
  hand: "maintenance" | "out_of_service" | null;
  tickets: { id: number; down: boolean; status: string; deleted: boolean }[];
}

const OPEN = ["received", "in_progress"];
const isDown = ({ tickets }: Model) => tickets.some((t) => t.down && !t.deleted && OPEN.includes(t.status));
const statusOf = (model: Model): Status =>
  model.hand === "out_of_service" || isDown(model) ? "out_of_service" : (model.hand ?? "operational");
const causeOf = (model: Model) =>
  statusOf(model) === "operational" ? null : model.hand === statusOf(model) ? "person" : "tickets";

type Step = { kind: "set"; status: Status } | { kind: "new"; down: boolean } | { kind: "import" } | Act;
type Act = {
  kind: "flag" | "cancel" | "work" | "complete" | "reopen" | "comment" | "delete";
  which: number;
  down: boolean;
};

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("set" as const),
    status: fc.constantFrom<Status>("operational", "maintenance", "out_of_service"),
  }),
  fc.record({ kind: fc.constant("new" as const), down: fc.boolean() }),
  fc.record({ kind: fc.constant("import" as const) }),
  fc.record({
    kind: fc.constantFrom<Act["kind"]>("flag", "cancel", "work", "complete", "reopen", "comment", "delete"),
    which: fc.nat(20),
    down: fc.boolean(),
  }),
);

const MOVES = {
  cancel: { from: ["received", "in_progress"], to: "cancelled" },
  work: { from: ["received"], to: "in_progress" },
  complete: { from: ["in_progress"], to: "completed" },
  reopen: { from: ["completed"], to: "in_progress" },
} as const;

let shops = 0;

/** Takes one step, in the shop and in the model. */
async function take(step: Step, id: number, name: string, model: Model): Promise<void> {
  if (step.kind === "set") {
    const refused = step.status !== "out_of_service" && isDown(model);
    const response = await set(id, step.status);
    expect(response.status).toBe(refused ? 409 : 200);
    if (!refused) model.hand = step.status === "operational" ? null : step.status;
    return;
  }
  if (step.kind === "new") {
    const made = await desk.create(people.operator, { machine_id: id, is_machine_down: step.down });
    model.tickets.push({ id: made.id, down: step.down, status: "received", deleted: false });
    return;
  }
  if (step.kind === "import") {
    const response = await desk.app.request("/api/tickets/import", csv(name));
    expect(await response.json()).toMatchObject({ imported: 1 });
    const [row] = await queryAll<{ id: number }>("SELECT MAX(id) AS id FROM tickets");
    model.tickets.push({ id: row?.id ?? 0, down: true, status: "received", deleted: false });
    return;
  }
  const living = model.tickets.filter((candidate) => !candidate.deleted);
  const ticket = living[step.which % Math.max(1, living.length)];
  if (!ticket) return;
  if (step.kind === "flag") {
    await desk.change(people.technician, ticket.id, { is_machine_down: step.down });
    ticket.down = step.down;
  } else if (step.kind === "comment") {
    expect((await desk.comment(people.operator, ticket.id, "Thanks!")).status).toBe(201);
  } else if (step.kind === "delete") {
    expect((await desk.remove(people.admin, ticket.id)).status).toBe(204);
    ticket.deleted = true;
  } else {
    const { from, to } = MOVES[step.kind];
    if (!from.some((status) => status === ticket.status)) return;
    await desk.change(people.technician, ticket.id, { status: to });
    ticket.status = to;
  }
}

test("in any history by hand and by tickets, status, cause and timeline are what the model says", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 18 }), async (steps) => {
      const name = `Machine of history ${++shops}`;
      const id = await machine("HIS", name);
      const model: Model = { hand: null, tickets: [] };
      const noted: Pick<z.output<typeof MachineEntry>, "old_value" | "new_value" | "cause">[] = [];
      for (const next of steps) {
        const before = { status: statusOf(model), hand: model.hand };
        desk.clock.pass(1);
        await take(next, id, name, model);
        const after = statusOf(model);
        if (before.status !== after || before.hand !== model.hand) {
          const cause = next.kind === "set" ? "person" : "tickets";
          noted.unshift({ old_value: before.status, new_value: after, cause });
        }
        expect(await shown(id)).toMatchObject({ status: after, status_cause: causeOf(model), set_status: model.hand });
      }
      expect(
        (await timeline(id)).entries.map(({ old_value, new_value, cause }) => ({ old_value, new_value, cause })),
      ).toEqual(noted);
    }),
    { numRuns: 25 },
  );
});
