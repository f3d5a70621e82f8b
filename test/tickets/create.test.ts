import { beforeAll, expect, test } from "vitest";
import { at, execute, machine, type Person, person, queryAll, startApp } from "../helpers.ts";
import { createdTicket, postTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:04:05.123Z"));
let technician: Person;
let supervisor: Person;

beforeAll(async () => {
  technician = await person("technician", "Tara Technician");
  supervisor = await person("supervisor", "Samuel Superviseur");
});

test("a technician's ticket gets the month's first number", async () => {
  const machine_id = await machine("CNC", "Haas VF-2");
  const response = await postTicket(app, technician, { title: "Spindle vibrates", machine_id });
  expect(response.headers.get("location")).toBe("/api/tickets/CNC-1126-0001");
  expect(response.headers.get("etag")).toBe('"1"');
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  expect(await createdTicket(response)).toEqual({
    id: 1,
    ticket_id: "CNC-1126-0001",
    title: "Spindle vibrates",
    description: null,
    status: "received",
    priority: "medium",
    machine_id,
    machine_type: "CNC",
    machine_name: "Haas VF-2",
    customer_id: null,
    reported_by: technician.id,
    reporter_name: "Tara Technician",
    assigned_to: null,
    assignee_name: null,
    is_machine_down: false,
    scheduled_date: null,
    reported_at: "2026-11-20T15:04:05.123Z",
    acknowledged_at: null,
    acknowledged_by: null,
    completed_at: null,
    created_at: "2026-11-20T15:04:05.123Z",
    updated_at: "2026-11-20T15:04:05.123Z",
    version: 1,
  });
});

test("every field that may be sent is stored and answered", async () => {
  const machine_id = await machine("LAT", "Okuma LB3000");
  await execute(
    "INSERT INTO customers (id, name, created_at, updated_at) VALUES (7, 'Forge Laval', '2026-01-01', '2026-01-01')",
  );
  const response = await postTicket(app, supervisor, {
    title: "Chuck does not close",
    description: "Since this morning.\nPressure is 12 bar.",
    machine_id,
    priority: "critical",
    assigned_to: technician.id,
    customer_id: 7,
    reporter_name: "Night shift",
    scheduled_date: "2026-11-23T08:00:00-05:00",
    is_machine_down: true,
    reported_at: "2026-11-20T09:30:00-05:00",
  });
  expect(await createdTicket(response)).toMatchObject({
    ticket_id: "LAT-1126-0001",
    description: "Since this morning.\nPressure is 12 bar.",
    priority: "critical",
    customer_id: 7,
    reported_by: supervisor.id,
    reporter_name: "Night shift",
    assigned_to: technician.id,
    assignee_name: "Tara Technician",
    scheduled_date: "2026-11-23T13:00:00.000Z",
    is_machine_down: true,
    reported_at: "2026-11-20T14:30:00.000Z",
  });
});

test("the timeline begins with who created the ticket", async () => {
  const machine_id = await machine("GRD");
  const ticket = await createdTicket(await postTicket(app, technician, { title: "Wheel chatters", machine_id }));
  const timeline = await queryAll("SELECT * FROM ticket_timeline WHERE ticket_id = ?", ticket.id);
  expect(timeline).toEqual([
    {
      id: expect.any(Number),
      ticket_id: ticket.id,
      user_id: technician.id,
      user_name: "Tara Technician",
      action: "created",
      old_value: null,
      new_value: "received",
      comment: null,
      created_at: "2026-11-20T15:04:05.123Z",
      occurred_at: null,
    },
  ]);
});

test.each([
  { is_machine_down: true, status: "out_of_service", updated_at: "2026-11-20T15:04:05.123Z" },
  { is_machine_down: false, status: "operational", updated_at: "2026-01-01T00:00:00.000Z" },
])("a ticket with is_machine_down $is_machine_down leaves the machine $status", async (expected) => {
  const machine_id = await machine("PRS");
  await createdTicket(
    await postTicket(app, technician, {
      title: "Guard stuck",
      machine_id,
      is_machine_down: expected.is_machine_down,
    }),
  );
  const rows = await queryAll("SELECT status, updated_at FROM machines WHERE id = ?", machine_id);
  expect(rows).toEqual([{ status: expected.status, updated_at: expected.updated_at }]);
});

test("each machine type counts for itself, machines of one type count together", async () => {
  const [first, second, other] = [await machine("EDM"), await machine("EDM"), await machine("LASER")];
  const numbers: string[] = [];
  for (const machine_id of [first, second, other, first]) {
    numbers.push((await createdTicket(await postTicket(app, technician, { title: "Alarm 31", machine_id }))).ticket_id);
  }
  expect(numbers).toEqual(["EDM-1126-0001", "EDM-1126-0002", "LASER-1126-0001", "EDM-1126-0003"]);
});

test("a renamed code starts its own count and leaves the old numbers alone", async () => {
  const machine_id = await machine("OLD");
  await createdTicket(await postTicket(app, technician, { title: "Before", machine_id }));
  await execute("UPDATE machine_types SET code = 'NEW' WHERE code = 'OLD'");
  const after = await createdTicket(await postTicket(app, technician, { title: "After", machine_id }));
  expect(after.ticket_id).toBe("NEW-1126-0001");
  const stored = await queryAll("SELECT ticket_id FROM tickets WHERE machine_id = ? ORDER BY id", machine_id);
  expect(stored).toEqual([{ ticket_id: "OLD-1126-0001" }, { ticket_id: "NEW-1126-0001" }]);
});

test("the answer is the same ticket that a GET shows", async () => {
  const machine_id = await machine("CNC");
  const ticket = await createdTicket(
    await postTicket(app, technician, { title: "Coolant leaks", machine_id, assigned_to: technician.id }),
  );
  const response = await app.request(`/api/tickets/${ticket.ticket_id}`, {
    headers: { authorization: `Bearer ${technician.token}` },
  });
  const shown = (await response.json()) as { ticket: unknown };
  expect(shown.ticket).toEqual({ ...ticket, timeline: expect.any(Array), timeline_before: null });
});
