import { beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person } from "../helpers.ts";
import { crew, openDesk, problemOf } from "./desk.ts";
import { idsOf, pageOf, walk } from "./pages.ts";
import { OPEN, PRIORITIES, randomTickets, type Stocked, stock } from "./stock.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machines: { id: number; code: string }[];
let tickets: Stocked[];

beforeAll(async () => {
  people = await crew();
  machines = [];
  for (const code of ["CNC", "EDM"]) machines.push({ id: await machine(code), code });
  const ids = [people.technician.id, people.supervisor.id];
  tickets = randomTickets(160, { machines, people: ids, customers: [null] }, 11);
  await stock(tickets);
});

const isOpen = ({ status, deleted }: Stocked) => OPEN.includes(status) && !deleted;

describe("one's queue", () => {
  /** Machine down first, then the most urgent, then who has waited longest. */
  const queueOf = (person: Person) =>
    tickets
      .filter((ticket) => isOpen(ticket) && ticket.assigned_to === person.id)
      .sort(
        (a, b) =>
          Number(b.is_machine_down) - Number(a.is_machine_down) ||
          PRIORITIES.indexOf(b.priority) - PRIORITIES.indexOf(a.priority) ||
          a.created_at.localeCompare(b.created_at) ||
          a.id - b.id,
      )
      .map(({ id }) => id);

  test.each([1, 7, 100])("holds my open tickets only, in their order, in pages of %i", async (limit) => {
    for (const role of ["technician", "supervisor"] as const) {
      const expected = queueOf(people[role]);
      expect(expected.length).toBeGreaterThan(20);
      expect(await walk(desk, people[role], "/api/me/queue", limit)).toEqual(expected);
    }
  });

  test("of somebody without work is empty", async () => {
    expect(await pageOf(desk, people.operator, "/api/me/queue")).toEqual({
      tickets: [],
      next_cursor: null,
      link: null,
    });
  });

  test("follows the work: taken, put first, finished, given away", async () => {
    const { admin } = people;
    const queue = () => idsOf(desk, admin, "/api/me/queue");
    const machine_id = machines[0]?.id;
    const first = await desk.create(admin, { machine_id, priority: "low", assigned_to: admin.id });
    const second = await desk.create(admin, { machine_id, priority: "critical" });
    expect(await queue()).toEqual([first.id]);
    await desk.change(admin, second.id, { status: "in_progress" });
    expect(await queue()).toEqual([second.id, first.id]);
    await desk.change(admin, first.id, { is_machine_down: true });
    expect(await queue()).toEqual([first.id, second.id]);
    await desk.change(admin, second.id, { status: "completed" });
    expect(await queue()).toEqual([first.id]);
    await desk.change(admin, first.id, { assigned_to: people.technician.id });
    expect(await queue()).toEqual([]);
    await desk.change(admin, second.id, { status: "in_progress" });
    expect(await queue()).toEqual([second.id]);
    await desk.remove(admin, second.id);
    expect(await queue()).toEqual([]);
    await desk.remove(admin, first.id);
  });

  test("that is as it was need not be sent again", async () => {
    const first = await desk.get(people.technician, "/api/me/queue?limit=5");
    const tag = first.headers.get("etag") ?? "";
    const again = { "if-none-match": tag };
    expect((await desk.get(people.technician, "/api/me/queue?limit=5", again)).status).toBe(304);
    expect((await desk.get(people.supervisor, "/api/me/queue?limit=5", again)).status).toBe(200);
  });

  test("refuses a page that is none", async () => {
    for (const limit of ["0", "101", "x"]) {
      await problemOf(await desk.get(people.technician, `/api/me/queue?limit=${limit}`), 400, "validation_failed");
    }
    const { next_cursor } = await pageOf(desk, people.technician, "/api/me/queue?limit=1");
    await problemOf(await desk.get(people.technician, `/api/tickets?cursor=${next_cursor}`), 400, "invalid_cursor");
  });
});

describe("a machine's history", () => {
  const historyOf = (machine_id: number) =>
    tickets
      .filter((ticket) => !ticket.deleted && ticket.machine_id === machine_id)
      .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id)
      .map(({ id }) => id);

  test("holds all its tickets, newest first, open or not", async () => {
    for (const { id } of machines) {
      expect(await walk(desk, people.operator, `/api/machines/${id}/tickets`, 9)).toEqual(historyOf(id));
    }
  });

  test("is that of the machine in the path; the query cannot name another", async () => {
    const [first, second] = machines.map(({ id }) => id) as [number, number];
    const path = `/api/machines/${first}/tickets?limit=100`;
    expect(await idsOf(desk, people.operator, path)).toEqual(historyOf(first).slice(0, 100));
    await problemOf(await desk.get(people.operator, `${path}&machine_id=${second}`), 400, "unknown_parameter");
  });

  test("is empty for a machine that never broke", async () => {
    const path = `/api/machines/${await machine("NEW")}/tickets`;
    expect(await pageOf(desk, people.operator, path)).toEqual({ tickets: [], next_cursor: null, link: null });
  });

  test("stays when the machine is retired", async () => {
    const id = machines[1]?.id ?? 0;
    await execute(`UPDATE machines SET retired_at = '2026-11-20T00:00:00.000Z' WHERE id = ${id}`);
    expect(await walk(desk, people.operator, `/api/machines/${id}/tickets`, 100)).toEqual(historyOf(id));
  });

  test("of an unknown machine is not found", async () => {
    await problemOf(await desk.get(people.operator, "/api/machines/999999/tickets"), 404, "machine_not_found");
    for (const id of ["0", "-1", "x", "1.5"]) {
      await problemOf(await desk.get(people.operator, `/api/machines/${id}/tickets`), 400, "validation_failed");
    }
  });

  test("refuses a cursor of another order", async () => {
    const { next_cursor } = await pageOf(desk, people.technician, "/api/me/queue?limit=1");
    const path = `/api/machines/${machines[0]?.id}/tickets?cursor=${next_cursor}`;
    await problemOf(await desk.get(people.operator, path), 400, "invalid_cursor");
  });
});
