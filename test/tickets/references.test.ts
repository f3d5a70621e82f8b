import { beforeAll, expect, test } from "vitest";
import type { ProblemCode } from "../../src/problem.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { at, execute, machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
const people = {} as Record<Role, Person>;
let machine_id: number;
let inactive: Person;

beforeAll(async () => {
  for (const role of ["operator", "technician", "supervisor", "admin"] as const) people[role] = await person(role);
  inactive = await person("technician");
  machine_id = await machine("CNC");
  await execute(
    `UPDATE users SET active = 0 WHERE id = ${inactive.id}`,
    "INSERT INTO customers (id, name, created_at, updated_at) VALUES (1, 'Active', '', '')",
    "INSERT INTO customers (id, name, created_at, updated_at, archived_at) VALUES (2, 'Archived', '', '', '2026-01-01')",
  );
});

const refuse = (sender: Person, fields: Record<string, unknown>, status: number, code: ProblemCode) =>
  expectRefusal(app, "/api/tickets", send(sender, { title: "Alarm 31", machine_id, ...fields }), status, code);

const create = async (sender: Person, fields: Record<string, unknown>) =>
  createdTicket(await postTicket(app, sender, { title: "Alarm 31", machine_id, ...fields }));

test.each([9999, Number.MAX_SAFE_INTEGER])("the unknown machine %i is not found", async (unknown) => {
  await refuse(people.operator, { machine_id: unknown }, 404, "machine_not_found");
});

test("a retired machine is not found", async () => {
  const retired = await machine("RET");
  await execute(`UPDATE machines SET retired_at = '2026-11-01T00:00:00.000Z' WHERE id = ${retired}`);
  await refuse(people.admin, { machine_id: retired }, 404, "machine_not_found");
});

test("an unknown or inactive assignee is refused", async () => {
  await refuse(people.supervisor, { assigned_to: 9999 }, 422, "assignee_not_found");
  await refuse(people.supervisor, { assigned_to: inactive.id }, 422, "assignee_not_found");
});

test("an unknown or archived customer is refused", async () => {
  await refuse(people.supervisor, { customer_id: 9999 }, 422, "customer_not_found");
  await refuse(people.supervisor, { customer_id: 2 }, 422, "customer_not_found");
  expect(await create(people.supervisor, { customer_id: 1 })).toMatchObject({ customer_id: 1 });
});

test("of several unknown references the machine is named first", async () => {
  await refuse(people.admin, { machine_id: 9999, assigned_to: 9999, customer_id: 9999 }, 404, "machine_not_found");
  await refuse(people.admin, { assigned_to: 9999, customer_id: 9999 }, 422, "assignee_not_found");
});

// Who may name whom as the assignee of a new ticket (contract section 4).
const ASSIGNMENTS: Record<Role, { self: boolean; other: boolean }> = {
  operator: { self: false, other: false },
  technician: { self: true, other: false },
  supervisor: { self: true, other: true },
  admin: { self: true, other: true },
};

test.each(Object.entries(ASSIGNMENTS) as [Role, { self: boolean; other: boolean }][])(
  "assignment by role: %s may assign %o",
  async (role, allowed) => {
    const sender = people[role];
    const other = role === "admin" ? people.technician : people.admin;
    for (const [target, may] of [
      [sender, allowed.self],
      [other, allowed.other],
    ] as const) {
      if (may) expect(await create(sender, { assigned_to: target.id })).toMatchObject({ assigned_to: target.id });
      else await refuse(sender, { assigned_to: target.id }, 403, "forbidden_field");
    }
    expect(await create(sender, { assigned_to: null })).toMatchObject({ assigned_to: null });
  },
);

test.each([
  ["30 days ago", "2026-10-21T15:00:00.000Z", true],
  ["30 days and a millisecond ago", "2026-10-21T14:59:59.999Z", false],
  ["31 days ago", "2026-10-20T15:00:00.000Z", false],
  ["now", "2026-11-20T15:00:00.000Z", true],
  ["5 minutes ahead", "2026-11-20T15:05:00.000Z", true],
  ["5 minutes and a millisecond ahead", "2026-11-20T15:05:00.001Z", false],
  ["6 minutes ahead", "2026-11-20T15:06:00.000Z", false],
  ["an hour ago, with an offset", "2026-11-20T09:00:00.000-05:00", true],
  ["in year 1", "0001-01-01T00:00:00Z", false],
  ["in year 9999", "9999-12-31T23:59:59Z", false],
])("reported_at %s", async (_, reported_at, accepted) => {
  if (accepted) {
    const ticket = await create(people.operator, { reported_at });
    expect(ticket.reported_at).toBe(new Date(reported_at).toISOString());
    expect(ticket.created_at).toBe("2026-11-20T15:00:00.000Z");
  } else {
    // Beyond the years that the API takes it is no instant at all.
    const isInstant = reported_at.startsWith("20");
    const [status, code] = isInstant ? ([422, "value_not_accepted"] as const) : ([400, "validation_failed"] as const);
    const problem = await refuse(people.operator, { reported_at }, status, code);
    expect(problem.errors?.map((error) => error.path)).toEqual(["reported_at"]);
  }
});
