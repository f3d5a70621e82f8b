import { beforeAll, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, queryAll } from "../helpers.ts";
import { crew, expectRefusal, openDesk, timelineOf } from "./desk.ts";
import { idsOf } from "./pages.ts";

const desk = openDesk();
let people: Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  people = await crew();
  machine_id = await machine();
});

const report = () =>
  desk.create(people.supervisor, { machine_id, title: "Flywheel cracked", assigned_to: people.technician.id });

describe("a deleted ticket", () => {
  let ticket: Ticket;
  let other: Ticket;
  let deleted_at: string;

  beforeAll(async () => {
    [ticket, other] = [await report(), await report()];
    deleted_at = desk.clock.pass(5);
    const response = await desk.remove(people.admin, ticket.ticket_id);
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  test("is not found any more, by number or id, whoever asks for whatever", async () => {
    for (const ref of [ticket.ticket_id, String(ticket.id), ticket.ticket_id.toLowerCase()]) {
      const requests = [
        () => desk.get(people.admin, `/api/tickets/${ref}`),
        () => desk.get(people.admin, `/api/tickets/${ref}`, { "if-none-match": "*" }),
        () => desk.get(people.admin, `/api/tickets/${ref}/timeline`),
        () => desk.patch(people.admin, ref, { title: "Back again" }),
        () => desk.patch(people.admin, ref, { status: "in_progress" }, { "if-match": "*" }),
        () => desk.patch(people.admin, ref, {}),
        () => desk.comment(people.admin, ref, "Hello?"),
        () => desk.acknowledge(people.admin, ref),
        () => desk.remove(people.admin, ref),
        () => desk.remove(people.admin, ref, { "if-match": "*" }),
      ];
      for (const request of requests) await expectRefusal(request, 404, "ticket_not_found");
    }
  });

  test("is in no list", async () => {
    const lists = [
      "/api/tickets",
      "/api/tickets?status=received",
      "/api/tickets?status=received&sort=-updated_at",
      `/api/tickets?machine_id=${machine_id}`,
      "/api/tickets?machine_type=CNC",
      "/api/tickets?sort=priority",
      "/api/tickets?sort=created_at",
      `/api/tickets?assigned_to=${people.technician.id}`,
      `/api/tickets?reported_by=${people.supervisor.id}`,
      "/api/tickets?updated_after=2026-01-01T00:00:00Z",
      "/api/tickets?q=flywheel",
      `/api/tickets?q=${ticket.ticket_id.slice(0, 8)}`,
      `/api/machines/${machine_id}/tickets`,
    ];
    for (const path of lists) expect(await idsOf(desk, people.admin, path), path).toEqual([other.id]);
    expect(await idsOf(desk, people.technician, "/api/me/queue")).toEqual([other.id]);
    expect(await idsOf(desk, people.admin, `/api/tickets?q=${ticket.ticket_id}`)).toEqual([]);
  });

  test("is still in the database, with its story", async () => {
    const { id } = ticket;
    expect(
      await queryAll("SELECT ticket_id, status, deleted_at, updated_at, version FROM tickets WHERE id = ?", id),
    ).toEqual([{ ticket_id: ticket.ticket_id, status: "received", deleted_at, updated_at: deleted_at, version: 2 }]);
    expect((await timelineOf(id)).map(({ action }) => action)).toEqual(["created", "deleted"]);
  });

  test("leaves its number and id to nobody", async () => {
    await desk.remove(people.admin, other.id);
    const next = await report();
    expect([ticket, other, next].map(({ ticket_id }) => ticket_id)).toEqual([
      "CNC-1126-0001",
      "CNC-1126-0002",
      "CNC-1126-0003",
    ]);
    expect(next.id).toBeGreaterThan(other.id);
  });
});

test("only an administrator may delete", async () => {
  const { id } = await report();
  for (const role of ["operator", "technician", "supervisor"] as const) {
    await expectRefusal(() => desk.remove(people[role], id), 403, "forbidden");
  }
  await expectRefusal(() => desk.remove(null, id), 401, "unauthorized");
});

test("a repeated comment is answered as before when its ticket has gone meanwhile", async () => {
  const { id } = await report();
  const key = { "idempotency-key": `gone-${id}` };
  const first = await desk.comment(people.operator, id, "Keep this", key);
  expect(first.status).toBe(201);
  expect((await desk.remove(people.admin, id)).status).toBe(204);
  const again = await desk.comment(people.operator, id, "Keep this", key);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(await again.text()).toBe(await first.text());
  await expectRefusal(() => desk.comment(people.operator, id, "Another"), 404, "ticket_not_found");
});

test("If-Match must name the version there is", async () => {
  const { id } = await report();
  await desk.comment(people.operator, id, "Keep this");
  await expectRefusal(() => desk.remove(people.admin, id, { "if-match": '"1"' }), 412, "version_conflict");
  expect((await desk.remove(people.admin, id, { "if-match": '"1", "2"' })).status).toBe(204);
});

test("of several who delete at once one does", async () => {
  const { id } = await report();
  const answers = await Promise.all(Array.from({ length: 5 }, () => desk.remove(people.admin, id)));
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
  expect((await timelineOf(id)).filter(({ action }) => action === "deleted")).toHaveLength(1);
  expect(await queryAll("SELECT version FROM tickets WHERE id = ?", id)).toEqual([{ version: 2 }]);
});

test.each([
  ["received", []],
  ["in_progress", ["in_progress"]],
  ["completed", ["in_progress", "completed"]],
  ["archived", ["in_progress", "completed", "archived"]],
])("a ticket that is %s can be deleted", async (old_value, moves) => {
  const { id } = await report();
  for (const status of moves) await desk.change(people.technician, id, { status });
  expect((await desk.remove(people.admin, id)).status).toBe(204);
  expect((await timelineOf(id)).at(-1)).toMatchObject({ action: "deleted", old_value });
});
