import { beforeAll, describe, expect, test } from "vitest";
import { ROLES, type Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person, queryAll, rowCounts, send } from "../helpers.ts";
import { crew, expectRefusal, type Fields, openDesk, ticketOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let colleague: Person;
let secondOperator: Person;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  colleague = await person("technician", "Colleague");
  secondOperator = await person("operator", "Second operator");
  machine_id = await machine("CNC", "Haas");
  await execute("INSERT INTO customers (id, name, created_at, updated_at) VALUES (1, 'Acme', '', '')");
});

type Way = "POST" | "PATCH" | "CSV";
const WAYS: Way[] = ["POST", "PATCH", "CSV"];
type Verdict = "set" | "forbidden" | "unassignable";

/** What a role may set by each way in; contract sections 2 and 4. An import is for supervisors as a whole. */
const both = (verdict: Verdict) => ({ POST: verdict, PATCH: verdict });
const RULES: {
  what: string;
  field: string;
  value: (self: Person) => unknown;
  verdicts: Record<Role, Record<"POST" | "PATCH", Verdict>>;
}[] = [
  {
    what: "a customer",
    field: "customer_id",
    value: () => 1,
    verdicts: byRole(both("forbidden"), both("forbidden"), both("set")),
  },
  {
    what: "oneself as assignee",
    field: "assigned_to",
    value: (self) => self.id,
    verdicts: byRole(both("forbidden"), both("set"), both("set")),
  },
  {
    what: "another as assignee",
    field: "assigned_to",
    value: () => colleague.id,
    verdicts: byRole(both("forbidden"), both("forbidden"), both("set")),
  },
  {
    what: "an operator as assignee",
    field: "assigned_to",
    value: () => secondOperator.id,
    verdicts: byRole(both("forbidden"), both("forbidden"), both("unassignable")),
  },
  {
    what: "a title",
    field: "title",
    value: () => "Coolant leaks",
    verdicts: byRole(both("set"), both("set"), both("set")),
  },
  {
    what: "a description",
    field: "description",
    value: () => "Under the door",
    verdicts: byRole(both("set"), both("set"), both("set")),
  },
  {
    what: "a priority",
    field: "priority",
    value: () => "critical",
    verdicts: byRole(both("set"), both("set"), both("set")),
  },
  {
    what: "that the machine is down",
    field: "is_machine_down",
    value: () => true,
    verdicts: byRole({ POST: "set", PATCH: "forbidden" }, both("set"), both("set")),
  },
  {
    what: "who noticed it",
    field: "reporter_name",
    value: () => "Night shift",
    verdicts: byRole({ POST: "set", PATCH: "forbidden" }, { POST: "set", PATCH: "forbidden" }, both("set")),
  },
];

function byRole<T>(operator: T, technician: T, supervisor: T): Record<Role, T> {
  return { operator, technician, supervisor, admin: supervisor };
}

const patchOf = async (self: Person, change: Fields) => {
  const { id } = await desk.create(self, { machine_id });
  return { id, request: () => desk.patch(self, id, change) };
};

/** A file of one line, with the columns that an import has. */
const importOf = (self: Person, cells: Record<string, unknown>) => {
  const line = { title: "Alarm 31", machine_id, ...cells };
  const csv = `${Object.keys(line).join()}\n${Object.values(line).join()}\n`;
  const init = { ...send(self, undefined, { "content-type": "text/csv" }, "POST"), body: csv };
  return desk.app.request("/api/tickets/import", init);
};

describe.each(WAYS)("by %s", (way) => {
  test.each(ROLES)("%s", async (role) => {
    const self = people[role];
    for (const { what, field, value, verdicts } of RULES) {
      const change = { [field]: value(self) };
      if (way === "CSV") {
        // A file has no column for customers.
        if (field !== "customer_id") await checkImport(role, change, verdicts[role].POST);
        continue;
      }
      const post = { title: "Alarm 31", machine_id, ...change };
      const request =
        way === "PATCH"
          ? (await patchOf(self, change)).request
          : () => desk.app.request("/api/tickets", send(self, post));
      const verdict = verdicts[role][way];
      if (verdict === "set") {
        expect(await ticketOf(await request(), way === "POST" ? 201 : 200), what).toMatchObject(change);
      } else if (verdict === "forbidden") {
        expect((await expectRefusal(request, 403, "forbidden_field")).detail, what).toContain(`'${field}'`);
      } else {
        await expectRefusal(request, 422, "assignee_not_found");
      }
    }
  });
});

async function checkImport(role: Role, cells: Fields, verdict: Verdict) {
  if (role === "operator" || role === "technician") {
    await expectRefusal(() => importOf(people[role], cells), 403, "forbidden");
    return;
  }
  const before = await rowCounts();
  const report = (await (await importOf(people[role], cells)).json()) as { imported: number; lines: unknown[] };
  if (verdict === "set") {
    const [row] = await queryAll<Fields>("SELECT * FROM tickets ORDER BY id DESC LIMIT 1");
    const [[field, value]] = Object.entries(cells) as [[string, unknown]];
    expect(row?.[field]).toBe(typeof value === "boolean" ? Number(value) : value);
  } else {
    const errors = [{ path: "assigned_to", message: "cannot be given an open ticket" }];
    expect(report).toMatchObject({ imported: 0, lines: [{ status: "failed", errors }] });
    expect(await rowCounts()).toEqual(before);
  }
}

test("nobody learns which customers exist by naming them", async () => {
  for (const customer_id of [1, 2, 9999]) {
    const post = { title: "Alarm 31", machine_id, customer_id };
    for (const role of ["operator", "technician"] as const) {
      await expectRefusal(() => desk.app.request("/api/tickets", send(people[role], post)), 403, "forbidden_field");
    }
  }
});

test("null sets nothing on a new ticket, and clears an old one", async () => {
  const fields = { machine_id, customer_id: null, assigned_to: null, scheduled_date: null };
  const { id } = await desk.create(people.operator, fields);
  await expectRefusal(() => desk.patch(people.technician, id, { customer_id: null }), 403, "forbidden_field");
  await expectRefusal(() => desk.patch(people.technician, id, { assigned_to: null }), 403, "forbidden_field");
});

test("exactly those whom /api/users/assignable lists can be assigned, by every way in", async () => {
  const everybody = [...Object.values(people), colleague, secondOperator];
  const inactive = await person("supervisor", "Gone");
  await execute(`UPDATE users SET active = 0 WHERE id = ${inactive.id}`);
  const response = await desk.get(people.operator, "/api/users/assignable");
  const listed = ((await response.json()) as { users: { id: number }[] }).users.map(({ id }) => id);
  expect(new Set(listed)).toEqual(
    new Set([people.technician, people.supervisor, people.admin, colleague].map(({ id }) => id)),
  );

  const { id } = await desk.create(people.admin, { machine_id });
  for (const { id: assigned_to } of [...everybody, inactive]) {
    const can = listed.includes(assigned_to);
    const post = { title: "Alarm 31", machine_id, assigned_to };
    const posted = await desk.app.request("/api/tickets", send(people.admin, post));
    const patched = await desk.patch(people.admin, id, { assigned_to });
    const imported = (await (await importOf(people.admin, { assigned_to })).json()) as { imported: number };
    expect([posted.status, patched.status, imported.imported]).toEqual(can ? [201, 200, 1] : [422, 422, 0]);
  }
});

test("who loses the role between look and write is not assigned", async () => {
  const leaving = await person("technician", "Leaving");
  const { id } = await desk.create(people.admin, { machine_id });
  const [patched] = await Promise.all([
    desk.patch(people.admin, id, { assigned_to: leaving.id }),
    execute(`UPDATE users SET role = 'operator' WHERE id = ${leaving.id}`),
  ]);
  const { assigned_to } = await desk.read(people.admin, id);
  expect([patched?.status, assigned_to]).toEqual(patched?.status === 200 ? [200, leaving.id] : [422, null]);
});
