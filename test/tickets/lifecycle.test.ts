import { beforeAll, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, person, queryAll } from "../helpers.ts";
import { crew, openDesk, putInto, timelineOf } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const report = (fields = {}) => desk.create(people.supervisor, { machine_id, ...fields });
const move = (ref: number, status: Ticket["status"], sender = people.technician) =>
  desk.change(sender, ref, { status });

describe("starting", () => {
  test.each(["diagnostic", "in_progress"] as const)(
    "into %s assigns and acknowledges a ticket nobody has",
    async (status) => {
      const { id } = await report();
      const at = desk.clock.pass(3);
      const name = "technician at work";
      const starter = await person("technician", `${name} ${status}`);
      expect(await move(id, status, starter)).toMatchObject({
        status,
        assigned_to: starter.id,
        assignee_name: `${name} ${status}`,
        acknowledged_by: starter.id,
        acknowledged_at: at,
        version: 2,
      });
      expect((await timelineOf(id, 1)).map(({ action, new_value }) => [action, new_value])).toEqual([
        ["status_changed", status],
        ["assigned", `${name} ${status}`],
      ]);
    },
  );

  test("leaves a ticket with whom it is assigned to, and acknowledges it", async () => {
    const { id } = await report({ assigned_to: people.technician.id });
    const at = desk.clock.pass(1);
    expect(await move(id, "in_progress", people.admin)).toMatchObject({
      assigned_to: people.technician.id,
      acknowledged_by: people.admin.id,
      acknowledged_at: at,
    });
    expect(await timelineOf(id, 1)).toHaveLength(1);
  });

  test("keeps who acknowledged first", async () => {
    const { id } = await report();
    const at = desk.clock.pass(1);
    await desk.acknowledge(people.supervisor, id);
    desk.clock.pass(1);
    expect(await move(id, "diagnostic")).toMatchObject({
      assigned_to: people.technician.id,
      acknowledged_by: people.supervisor.id,
      acknowledged_at: at,
    });
  });

  test("for somebody else assigns it to them", async () => {
    const { id } = await report();
    const started = await desk.change(people.supervisor, id, {
      status: "in_progress",
      assigned_to: people.technician.id,
    });
    expect(started).toMatchObject({ assigned_to: people.technician.id, acknowledged_by: people.supervisor.id });
  });

  test("while unassigning leaves nobody", async () => {
    const { id } = await report({ assigned_to: people.technician.id });
    const started = await desk.change(people.supervisor, id, { status: "in_progress", assigned_to: null });
    expect(started).toMatchObject({ status: "in_progress", assigned_to: null, assignee_name: null });
  });

  test.each([
    ["received", "cancelled"],
    ["diagnostic", "waiting_parts"],
    ["diagnostic", "completed"],
  ] as const)("%s → %s is not starting: nobody is assigned or on it", async (from, to) => {
    const { id } = await report();
    await putInto(id, from);
    expect(await move(id, to)).toMatchObject({ assigned_to: null, acknowledged_at: null, acknowledged_by: null });
  });

  test("after waiting for parts assigns a ticket that lost its assignee", async () => {
    const { id } = await report();
    await putInto(id, "waiting_parts");
    expect(await move(id, "in_progress")).toMatchObject({ assigned_to: people.technician.id });
  });
});

describe("completed_at", () => {
  test("is the instant of completion, lives through archiving and goes with reopening", async () => {
    const { id } = await report();
    await move(id, "in_progress");
    const completed_at = desk.clock.pass(90);
    expect(await move(id, "completed")).toMatchObject({ completed_at, updated_at: completed_at });

    desk.clock.pass(10);
    expect(await move(id, "in_progress")).toMatchObject({ status: "in_progress", completed_at: null });

    const again = desk.clock.pass(10);
    expect(await move(id, "completed")).toMatchObject({ completed_at: again });

    desk.clock.pass(10);
    expect(await move(id, "archived")).toMatchObject({ status: "archived", completed_at: again });
  });

  test("does not move when a completed ticket is edited or commented", async () => {
    const { id } = await report();
    await move(id, "in_progress");
    const { completed_at } = await move(id, "completed");
    desk.clock.pass(30);
    const edited = await desk.change(people.supervisor, id, { title: "Spindle replaced", comment: "For the record" });
    expect(edited).toMatchObject({ status: "completed", completed_at });
  });

  test("reopening keeps assignee and acknowledgement", async () => {
    const { id } = await report();
    const started = await move(id, "in_progress");
    await move(id, "completed");
    desk.clock.pass(5);
    const { assigned_to, acknowledged_at, acknowledged_by } = started;
    expect(await move(id, "in_progress", people.admin)).toMatchObject({
      assigned_to,
      acknowledged_at,
      acknowledged_by,
    });
  });

  test("a cancelled ticket comes back as received and can be archived", async () => {
    const { id } = await report();
    await move(id, "cancelled");
    expect(await move(id, "received")).toMatchObject({ status: "received", completed_at: null });
    await move(id, "cancelled");
    expect(await move(id, "archived")).toMatchObject({ status: "archived", completed_at: null });
  });
});

describe("the database itself refuses", () => {
  test.each([
    ["completed without an instant", "status = 'completed', completed_at = NULL"],
    ["an instant on an open ticket", "status = 'in_progress', completed_at = '2026-11-20T15:00:00.000Z'"],
    ["an instant on a cancelled ticket", "status = 'cancelled', completed_at = '2026-11-20T15:00:00.000Z'"],
    ["acknowledged by nobody", "acknowledged_at = '2026-11-20T15:00:00.000Z'"],
    ["acknowledged at no time", "acknowledged_by = 1"],
    ["a status it does not know", "status = 'open'"],
    ["a priority it does not know", "priority = 'urgent'"],
    ["version zero", "version = 0"],
  ])("%s", async (_, assignments) => {
    const { id } = await report();
    const before = await queryAll("SELECT * FROM tickets WHERE id = ?", id);
    await expect(execute(`UPDATE tickets SET ${assignments} WHERE id = ${id}`)).rejects.toThrow(
      "CHECK constraint failed",
    );
    expect(await queryAll("SELECT * FROM tickets WHERE id = ?", id)).toEqual(before);
  });
});
