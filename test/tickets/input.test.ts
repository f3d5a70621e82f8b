import { beforeAll, describe, expect, test } from "vitest";
import { at, execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

const REQUIRED = { title: "Spindle vibrates" };

describe("a field with a wrong value is refused by name", () => {
  const huge = Number.MAX_SAFE_INTEGER + 1;
  test.each<[field: string, value: unknown]>([
    ["title", undefined],
    ["title", null],
    ["title", ""],
    ["title", "ab"],
    ["title", "  ab  "],
    ["title", "   "],
    ["title", "x".repeat(201)],
    ["title", "🔧".repeat(201)],
    ["title", 12345],
    ["title", true],
    ["title", ["Spindle"]],
    ["title", { text: "Spindle" }],
    ["description", "x".repeat(5001)],
    ["description", 5],
    ["description", ["x"]],
    ["machine_id", undefined],
    ["machine_id", null],
    ["machine_id", "1"],
    ["machine_id", ""],
    ["machine_id", 0],
    ["machine_id", -1],
    ["machine_id", 1.5],
    ["machine_id", 1e308],
    ["machine_id", huge],
    ["machine_id", -huge],
    ["machine_id", true],
    ["machine_id", [1]],
    ["machine_id", { id: 1 }],
    ["priority", "urgent"],
    ["priority", "MEDIUM"],
    ["priority", ""],
    ["priority", null],
    ["priority", 3],
    ["assigned_to", "5"],
    ["assigned_to", "me"],
    ["assigned_to", 0],
    ["assigned_to", -5],
    ["assigned_to", 0.5],
    ["assigned_to", 1e308],
    ["assigned_to", huge],
    ["customer_id", "5"],
    ["customer_id", 0],
    ["customer_id", -5],
    ["customer_id", 1e308],
    ["customer_id", false],
    ["reporter_name", "x".repeat(101)],
    ["reporter_name", 7],
    ["scheduled_date", "tomorrow"],
    ["scheduled_date", "2026-11-23"],
    ["scheduled_date", "2026-02-30T08:00:00Z"],
    ["scheduled_date", "2026-11-23T25:00:00Z"],
    ["scheduled_date", "2026-11-23T08:00:00"],
    ["scheduled_date", 1795420800],
    ["reported_at", "now"],
    ["reported_at", "2026-11-20T15:00:00"],
    ["reported_at", 0],
    ["is_machine_down", "true"],
    ["is_machine_down", 1],
    ["is_machine_down", null],
  ])("%s: %j", async (field, value) => {
    const body = { ...REQUIRED, machine_id, [field]: value };
    const problem = await expectRefusal(app, "/api/tickets", send(technician, body), 400, "validation_failed");
    expect(new Set(problem.errors?.map((error) => error.path))).toEqual(new Set([field]));
    expect(problem.errors?.[0]?.message).toMatch(/\S/);
    expect(problem.detail).toContain(field);
  });
});

test("all wrong fields are reported at once", async () => {
  const body = { title: "x", machine_id: "1", priority: "urgent", is_machine_down: "no" };
  const problem = await expectRefusal(app, "/api/tickets", send(technician, body), 400, "validation_failed");
  expect(problem.errors?.map((error) => error.path).sort()).toEqual([
    "is_machine_down",
    "machine_id",
    "priority",
    "title",
  ]);
});

test.each([
  ["title of 3 characters", { title: "abc" }],
  ["title of 200 characters", { title: "x".repeat(200) }],
  ["title of 200 emoji", { title: "🔧".repeat(200) }],
  ["title of 3 emoji", { title: "🔧🔩🛠" }],
  ["description of 5000 characters", { description: "é".repeat(5000) }],
  ["description of 5000 emoji", { description: "🔧".repeat(5000) }],
  ["reporter_name of 100 characters", { reporter_name: "n".repeat(100) }],
  ["reporter_name of 1 character", { reporter_name: "n" }],
])("a %s is accepted and stored whole", async (_, fields) => {
  const ticket = await createdTicket(await postTicket(app, technician, { ...REQUIRED, machine_id, ...fields }));
  expect(ticket).toMatchObject(fields);
  const [row] = await queryAll("SELECT title, description, reporter_name FROM tickets WHERE id = ?", ticket.id);
  expect(row).toMatchObject(fields);
});

test.each([
  [
    "null",
    {
      description: null,
      assigned_to: null,
      customer_id: null,
      reporter_name: null,
      scheduled_date: null,
      reported_at: null,
    },
  ],
  ["blank", { description: " \n", reporter_name: "  " }],
])("optional fields that are %s count as absent", async (_, fields) => {
  const ticket = await createdTicket(await postTicket(app, technician, { ...REQUIRED, machine_id, ...fields }));
  expect(ticket).toMatchObject({
    description: null,
    assigned_to: null,
    customer_id: null,
    reporter_name: "technician 1",
    scheduled_date: null,
    reported_at: ticket.created_at,
  });
});

test.each([
  ["0.000000000000001e15", 1],
  ["1.0", 1],
  ["1e0", 1],
])("machine_id %s is the integer that it equals", async (literal, value) => {
  const body = `{"title":"Number forms","machine_id":${literal}}`;
  const response = await app.request("/api/tickets", { ...send(technician, {}), body });
  expect((await createdTicket(response)).machine_id).toBe(value);
});

test("members that only the server may set have no effect", async () => {
  const other = await person("admin");
  await execute("INSERT INTO customers (id, name, created_at, updated_at) VALUES (1, 'Forge', '', '')");
  const ticket = await createdTicket(
    await postTicket(app, technician, {
      ...REQUIRED,
      machine_id,
      id: 4242,
      ticket_id: "CNC-1126-9999",
      status: "archived",
      reported_by: other.id,
      user_id: other.id,
      created_at: "2020-01-01T00:00:00.000Z",
      updated_at: "2020-01-01T00:00:00.000Z",
      deleted_at: "2020-01-01T00:00:00.000Z",
      completed_at: "2020-01-01T00:00:00.000Z",
      acknowledged_at: "2020-01-01T00:00:00.000Z",
      acknowledged_by: other.id,
      version: 77,
      role: "admin",
      machine_type: "LAT",
      machine_name: "Another",
      assignee_name: "Another",
      month: "0120",
      last_number: 5000,
      actor: { id: other.id, role: "admin" },
      __proto__: { role: "admin" },
      constructor: { prototype: { role: "admin" } },
    }),
  );
  expect(ticket).toMatchObject({
    ticket_id: expect.not.stringContaining("9999"),
    status: "received",
    reported_by: technician.id,
    created_at: "2026-11-20T15:00:00.000Z",
    updated_at: "2026-11-20T15:00:00.000Z",
    completed_at: null,
    acknowledged_at: null,
    acknowledged_by: null,
    version: 1,
    machine_type: "CNC",
    machine_name: "CNC machine",
    assignee_name: null,
  });
  expect(ticket.id).not.toBe(4242);
  expect(await queryAll("SELECT deleted_at FROM tickets WHERE id = ?", ticket.id)).toEqual([{ deleted_at: null }]);
  expect(await queryAll("SELECT role FROM users WHERE id = ?", technician.id)).toEqual([{ role: "technician" }]);
  const next = await createdTicket(await postTicket(app, technician, { ...REQUIRED, machine_id }));
  expect(next.id).toBe(ticket.id + 1);
});
