import { beforeAll, describe, expect, test } from "vitest";
import { ROLES, type Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, queryAll, send } from "../helpers.ts";
import { crew, expectRefusal, type Fields, openDesk, putInto, ticketOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
  await execute("INSERT INTO customers (id, name, created_at, updated_at) VALUES (1, 'Acme', '', '')");
});

// Contract section 2. "own": of a ticket that this person reported, while it is received.
type Right = "never" | "own" | "always";
const FIELDS: [field: string, value: (self: Person) => unknown, rights: Record<Role, Right>][] = [
  ["title", () => "Coolant leaks", rights("own", "own", "always")],
  ["description", () => "Under the door", rights("own", "own", "always")],
  ["priority", () => "critical", rights("own", "own", "always")],
  ["status", () => "cancelled", rights("never", "always", "always")],
  ["is_machine_down", () => true, rights("never", "always", "always")],
  ["assigned_to", (self) => self.id, rights("never", "always", "always")],
  ["assigned_to", () => people.technician.id, rights("never", "always", "always")],
  ["assigned_to", () => people.admin.id, rights("never", "never", "always")],
  ["assigned_to", () => null, rights("never", "never", "always")],
  ["customer_id", () => 1, rights("never", "never", "always")],
  ["reporter_name", () => "Night shift", rights("never", "never", "always")],
  ["scheduled_date", () => "2026-12-01T08:00:00.000Z", rights("never", "never", "always")],
  ["reported_at", () => "2026-11-19T08:00:00.000Z", rights("never", "never", "always")],
];

function rights(operator: Right, technician: Right, supervisor: Right): Record<Role, Right> {
  return { operator, technician, supervisor, admin: supervisor };
}

const SITUATIONS = (["own", "other's"] as const).flatMap((whose) =>
  (["received", "waiting_parts"] as const).map((status) => ({ whose, status })),
);
const CASES = FIELDS.flatMap(([field, value, byRole]) =>
  ROLES.flatMap((role) =>
    SITUATIONS.map((situation) => {
      const right = byRole[role];
      const own = situation.whose === "own" && situation.status === "received";
      return { role, field, value, ...situation, allowed: right === "always" || (right === "own" && own) };
    }),
  ),
);

/** A ticket of this reporter, assigned to the supervisor, in this status. */
async function ticketFor(reporter: Person, status: "received" | "waiting_parts", assignee: Person) {
  const { id } = await desk.create(reporter, { machine_id });
  await execute(`UPDATE tickets SET assigned_to = ${assignee.id} WHERE id = ${id}`);
  await putInto(id, status);
  return id;
}

describe("who may set what", () => {
  test.each(ROLES)("%s", { timeout: 60_000 }, async (role) => {
    const self = people[role];
    const other = role === "supervisor" ? people.admin : people.supervisor;
    // A refusal leaves its ticket as it was, fit for the next case.
    const untouched = new Map<string, number>();
    for (const { field, value, whose, status, allowed } of CASES.filter((entry) => entry.role === role)) {
      const kind = `${whose} ${status}`;
      const id = untouched.get(kind) ?? (await ticketFor(whose === "own" ? self : other, status, other));
      if (allowed) untouched.delete(kind);
      else untouched.set(kind, id);
      const change = { [field]: value(self) };
      const what = `${kind} ticket: ${JSON.stringify(change)}`;
      if (allowed) {
        expect(await ticketOf(await desk.patch(self, id, change)), what).toMatchObject(change);
      } else {
        const problem = await expectRefusal(() => desk.patch(self, id, change), 403, "forbidden_field");
        expect(problem.detail, what).toContain(`'${field}'`);
      }
    }
  });

  test("one field too many refuses the whole change", async () => {
    const id = await ticketFor(people.operator, "received", people.supervisor);
    const changes: [Role, Fields][] = [
      ["operator", { title: "Coolant leaks", comment: "See below", customer_id: 1 }],
      ["operator", { priority: "critical", status: "in_progress" }],
      ["technician", { status: "in_progress", assigned_to: people.supervisor.id }],
      ["technician", { status: "in_progress", scheduled_date: null }],
    ];
    for (const [role, change] of changes) {
      await expectRefusal(() => desk.patch(people[role], id, change), 403, "forbidden_field");
    }
  });

  test("a forbidden field is refused even when it changes nothing", async () => {
    const id = await ticketFor(people.supervisor, "received", people.admin);
    const { title, priority, is_machine_down, assigned_to } = await desk.read(people.operator, id);
    for (const change of [{ title }, { priority }, { is_machine_down }, { assigned_to }, { status: "received" }]) {
      await expectRefusal(() => desk.patch(people.operator, id, change), 403, "forbidden_field");
    }
  });

  test("what no one may set is never stored", async () => {
    const id = await ticketFor(people.operator, "received", people.supervisor);
    const before = await queryAll("SELECT * FROM tickets WHERE id = ?", id);
    const fields = {
      id: 999,
      ticket_id: "XXX-0101-0001",
      machine_id: 999,
      machine_type: "XXX",
      reported_by: people.admin.id,
      acknowledged_by: people.admin.id,
      acknowledged_at: "2026-01-01T00:00:00.000Z",
      completed_at: "2026-01-01T00:00:00.000Z",
      created_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-01T00:00:00.000Z",
      deleted_at: "2026-01-01T00:00:00.000Z",
      version: 99,
    };
    for (const role of ROLES) await ticketOf(await desk.patch(people[role], id, fields));
    expect(await queryAll("SELECT * FROM tickets WHERE id = ?", id)).toEqual(before);
  });
});

describe("who may do what", () => {
  const allowed = (operator: number, technician: number, supervisor: number, admin: number) => ({
    operator,
    technician,
    supervisor,
    admin,
  });
  test.each([
    ["comment", (self: Person | null, id: number) => desk.comment(self, id, "Smoke"), allowed(201, 201, 201, 201)],
    [
      "comment by PATCH",
      (self: Person | null, id: number) => desk.patch(self, id, { comment: "Smoke" }),
      allowed(200, 200, 200, 200),
    ],
    ["acknowledge", (self: Person | null, id: number) => desk.acknowledge(self, id), allowed(403, 200, 200, 200)],
    ["delete", (self: Person | null, id: number) => desk.remove(self, id), allowed(403, 403, 403, 204)],
    ["read", (self: Person | null, id: number) => desk.get(self, `/api/tickets/${id}`), allowed(200, 200, 200, 200)],
    [
      "read the timeline",
      (self: Person | null, id: number) => desk.get(self, `/api/tickets/${id}/timeline`),
      allowed(200, 200, 200, 200),
    ],
    ["list", (self: Person | null) => desk.get(self, "/api/tickets"), allowed(200, 200, 200, 200)],
    ["see one's queue", (self: Person | null) => desk.get(self, "/api/me/queue"), allowed(200, 200, 200, 200)],
    [
      "see a machine's history",
      (self: Person | null) => desk.get(self, `/api/machines/${machine_id}/tickets`),
      allowed(200, 200, 200, 200),
    ],
  ] as const)("%s", async (_, request, byRole) => {
    for (const role of ROLES) {
      const other = role === "operator" ? people.technician : people.operator;
      for (const reporter of [people[role], other]) {
        const id = await ticketFor(reporter, "received", people.supervisor);
        if (byRole[role] === 403) await expectRefusal(() => request(people[role], id), 403, "forbidden");
        else expect({ role, status: (await request(people[role], id)).status }).toEqual({ role, status: byRole[role] });
      }
    }
    const id = await ticketFor(people.operator, "received", people.supervisor);
    const stranger = { ...people.admin, token: "not-a-token" };
    for (const nobody of [null, stranger]) {
      await expectRefusal(() => request(nobody, id), 401, "unauthorized");
      await expectRefusal(() => request(nobody, 999_999), 401, "unauthorized");
    }
  });

  test("nobody signed in may change a ticket", async () => {
    const id = await ticketFor(people.operator, "received", people.supervisor);
    await expectRefusal(() => desk.patch(null, id, { title: "Coolant leaks" }), 401, "unauthorized");
    await expectRefusal(() => desk.patch(null, id, {}), 401, "unauthorized");
  });

  test("a disabled account may do nothing from that moment on", async () => {
    const id = await ticketFor(people.operator, "received", people.supervisor);
    await execute(`UPDATE users SET active = 0 WHERE id = ${people.technician.id}`);
    await expectRefusal(() => desk.acknowledge(people.technician, id), 401, "unauthorized");
    await expectRefusal(() => desk.patch(people.technician, id, { status: "in_progress" }), 401, "unauthorized");
    await expectRefusal(() => desk.comment(people.technician, id, "Smoke"), 401, "unauthorized");
    await execute(`UPDATE users SET active = 1 WHERE id = ${people.technician.id}`);
  });
});

test.each([
  ["title", "ab"],
  ["title", null],
  ["title", "x".repeat(201)],
  ["description", "x".repeat(5001)],
  ["priority", "urgent"],
  ["status", "open"],
  ["status", null],
  ["assigned_to", "me"],
  ["assigned_to", 0],
  ["customer_id", -1],
  ["reporter_name", ""],
  ["scheduled_date", "2026-02-30T10:00:00Z"],
  ["scheduled_date", "tomorrow"],
  ["reported_at", null],
  ["is_machine_down", 1],
  ["comment", ""],
  ["comment", "x".repeat(5001)],
])("PATCH %s to %j names the field", async (field, value) => {
  const id = await ticketFor(people.operator, "received", people.supervisor);
  const problem = await expectRefusal(() => desk.patch(people.admin, id, { [field]: value }), 400, "validation_failed");
  expect(new Set(problem.errors?.map(({ path }) => path))).toEqual(new Set([field]));
});

test.each(["2026-10-21T14:59:59.999Z", "2026-12-01T00:00:00.000Z"])(
  "PATCH reported_at to %s, too long ago or ahead, names the field",
  async (reported_at) => {
    const id = await ticketFor(people.operator, "received", people.supervisor);
    const patch = () => desk.patch(people.admin, id, { reported_at });
    const { errors } = await expectRefusal(patch, 422, "value_not_accepted");
    expect(errors?.map(({ path }) => path)).toEqual(["reported_at"]);
  },
);

test("an assignee or customer who is not there is refused", async () => {
  const id = await ticketFor(people.operator, "received", people.supervisor);
  const patch = (change: Fields) => () => desk.patch(people.admin, id, change);
  await expectRefusal(patch({ assigned_to: 9999, title: "Coolant leaks" }), 422, "assignee_not_found");
  await expectRefusal(patch({ customer_id: 9999 }), 422, "customer_not_found");
});

test("an unknown ticket is not found, whoever asks for whatever", async () => {
  for (const ref of ["999999", "CNC-1126-9999", "cnc", "0", "-1", "1.5", "%27", "1%20OR%201=1"]) {
    const requests = [
      () => desk.get(people.admin, `/api/tickets/${ref}`),
      () => desk.get(people.admin, `/api/tickets/${ref}/timeline`),
      () => desk.patch(people.admin, ref, { title: "Coolant leaks" }),
      () => desk.remove(people.admin, ref),
      () => desk.comment(people.admin, ref, "Smoke"),
      () => desk.acknowledge(people.admin, ref),
    ];
    for (const request of requests) await expectRefusal(request, 404, "ticket_not_found");
  }
  const noJson = { ...send(people.admin, undefined, {}, "PATCH"), body: "title=x" };
  await expectRefusal(() => desk.app.request("/api/tickets/1", noJson), 415, "unsupported_media_type");
});
