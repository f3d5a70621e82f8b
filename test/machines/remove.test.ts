import { beforeAll, expect, test } from "vitest";
import { type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { addMachine, deleteMachine, patchMachine, shownMachine, ticketRow } from "./api.ts";

const NOW = "2026-11-20T15:04:05.123Z";
const app = startApp({ now: () => new Date(NOW) });
let operator: Person;
let supervisor: Person;

beforeAll(async () => {
  operator = await person("operator");
  supervisor = await person("supervisor");
});

async function expectGone(id: number): Promise<void> {
  const init = send(supervisor, undefined, {}, "DELETE");
  await expectRefusal(app, `/api/machines/${id}`, init, 404, "machine_not_found");
  await expectRefusal(
    app,
    `/api/machines/${id}`,
    send(supervisor, { name: "Back" }, {}, "PATCH"),
    404,
    "machine_not_found",
  );
  await expectRefusal(app, `/api/machines/${id}/qr.svg`, send(operator), 404, "machine_not_found");
  const ticket = send(operator, { title: "Alarm 31", machine_id: id });
  await expectRefusal(app, "/api/tickets", ticket, 404, "machine_not_found");
  const list = await app.request("/api/machines?limit=100", send(operator));
  const { machines } = (await list.json()) as { machines: { id: number }[] };
  expect(machines.map((machine) => machine.id)).not.toContain(id);
}

test("a machine without tickets is erased", async () => {
  const { id } = await addMachine(app, supervisor, { serial_number: "FREE-AGAIN" });
  const response = await deleteMachine(app, supervisor, id);
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect(await queryAll("SELECT 1 FROM machines WHERE id = ?", id)).toEqual([]);
  await expectProblem(await app.request(`/api/machines/${id}`, send(operator)), 404, "machine_not_found");
  await expectGone(id);
  expect((await addMachine(app, supervisor, { serial_number: "FREE-AGAIN" })).id).not.toBe(id);
});

test.each([
  ["an open", {}],
  ["a completed", { status: "completed" }],
  ["a deleted", { deleted: true }],
])("a machine with %s ticket is retired, and keeps its history", async (_, ticket) => {
  const machine = await addMachine(app, supervisor);
  const ticketId = await ticketRow(machine.id, operator, ticket);
  expect((await deleteMachine(app, supervisor, machine.id)).status).toBe(204);
  const retired = await shownMachine(await app.request(`/api/machines/${machine.id}`, send(operator)));
  expect(retired).toEqual({ ...machine, retired_at: NOW, updated_at: NOW });
  expect(await queryAll("SELECT machine_id FROM tickets WHERE id = ?", ticketId)).toEqual([{ machine_id: machine.id }]);
  await expectGone(machine.id);
});

test("an unknown machine is not found", async () => {
  await expectProblem(await deleteMachine(app, supervisor, 99_999), 404, "machine_not_found");
});

test("who may not manage machines removes none", async () => {
  const { id } = await addMachine(app, supervisor);
  const technician = await person("technician");
  for (const sender of [operator, technician]) {
    const init = send(sender, undefined, {}, "DELETE");
    await expectRefusal(app, `/api/machines/${id}`, init, 403, "forbidden");
  }
  await expectProblem(await deleteMachine(app, null, id), 401, "unauthorized");
  expect((await patchMachine(app, supervisor, id, {})).status).toBe(200);
});

test("of many who remove a machine one does, the others find it gone", async () => {
  for (const withTicket of [false, true]) {
    const { id } = await addMachine(app, supervisor);
    if (withTicket) await ticketRow(id, operator);
    const answers = await Promise.all(Array.from({ length: 10 }, () => deleteMachine(app, supervisor, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(9).fill(404)]);
  }
});

test("removing a machine and creating its first ticket at once leaves no ticket without a machine", async () => {
  for (let round = 0; round < 5; round++) {
    const { id } = await addMachine(app, supervisor);
    const [created, removed] = await Promise.all([
      app.request("/api/tickets", send(operator, { title: "Alarm 31", machine_id: id })),
      deleteMachine(app, supervisor, id),
    ]);
    expect(removed.status).toBe(204);
    expect([201, 404]).toContain(created.status);
    const [row] = await queryAll<{ retired_at: string }>("SELECT retired_at FROM machines WHERE id = ?", id);
    expect(row?.retired_at).toBe(created.status === 201 ? NOW : undefined);
  }
});

test("a machine whose state a person has changed is retired, with its timeline", async () => {
  const { id } = await addMachine(app, supervisor);
  await patchMachine(app, supervisor, id, { status: "maintenance" });
  expect((await deleteMachine(app, supervisor, id)).status).toBe(204);
  const shown = await app.request(`/api/machines/${id}/timeline`, send(supervisor));
  expect(((await shown.json()) as { timeline: unknown[] }).timeline).toHaveLength(1);
  await expectProblem(await deleteMachine(app, supervisor, id), 404, "machine_not_found");
});
