import { beforeAll, describe, expect, test } from "vitest";
import type { ProblemCode } from "../../src/problem.ts";
import { execute, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { addMachine, patchMachine, shownMachine, ticketRow } from "./api.ts";
import { overtaken } from "./meanwhile.ts";

const app = startApp({ now: () => new Date("2026-11-20T15:04:05.123Z") });
let operator: Person;
let technician: Person;
let supervisor: Person;

beforeAll(async () => {
  operator = await person("operator");
  technician = await person("technician");
  supervisor = await person("supervisor");
});

const stored = async (id: number) => (await queryAll("SELECT * FROM machines WHERE id = ?", id))[0];
const searchTextOf = async (id: number) =>
  (await queryAll<{ search_text: string }>("SELECT search_text FROM machines WHERE id = ?", id))[0]?.search_text;

async function refuse(id: number, body: unknown, status: number, code: ProblemCode, sender = supervisor) {
  const before = await stored(id);
  const problem = await expectRefusal(app, `/api/machines/${id}`, send(sender, body, {}, "PATCH"), status, code);
  expect(await stored(id)).toEqual(before);
  return problem;
}

test("shows one machine to every role", async () => {
  const machine = await addMachine(app, supervisor, { model: "VF-2", location: "Hall A" });
  for (const reader of [operator, technician, supervisor]) {
    expect(await shownMachine(await app.request(`/api/machines/${machine.id}`, send(reader)))).toEqual(machine);
  }
});

test("changes what is named and nothing else", async () => {
  const machine = await addMachine(app, supervisor, { model: "VF-2", serial_number: "SN-1", location: "Hall A" });
  const changed = await shownMachine(await patchMachine(app, supervisor, machine.id, { location: "Hall B" }));
  expect(changed).toEqual({ ...machine, location: "Hall B", updated_at: "2026-11-20T15:04:05.123Z" });
  expect(await shownMachine(await app.request(`/api/machines/${machine.id}`, send(operator)))).toEqual(changed);
});

test("an empty change changes nothing but the time", async () => {
  const machine = await addMachine(app, supervisor, { model: "VF-2", status: "maintenance" });
  const changed = await shownMachine(await patchMachine(app, supervisor, machine.id, {}));
  expect({ ...changed, updated_at: "" }).toEqual({ ...machine, updated_at: "" });
});

test.each([null, "", "   "])("%j takes an optional text away", async (nothing) => {
  const machine = await addMachine(app, supervisor, { model: "VF-2", serial_number: `GONE-${nothing}`, location: "A" });
  const body = { model: nothing, serial_number: nothing, location: nothing };
  const changed = await shownMachine(await patchMachine(app, supervisor, machine.id, body));
  expect(changed).toMatchObject({ name: machine.name, model: null, serial_number: null, location: null });
});

test("unknown fields are ignored, and nobody sets what is not theirs", async () => {
  const machine = await addMachine(app, supervisor);
  const body = { name: "Renamed", id: 999, qr_token: "A".repeat(22), retired_at: "2026-01-01", search_text: "x" };
  const changed = await shownMachine(await patchMachine(app, supervisor, machine.id, body));
  expect(changed).toEqual({ ...machine, name: "Renamed", updated_at: changed.updated_at });
  expect(await searchTextOf(machine.id)).toBe(" renamed");
});

test.each([
  [{ name: "" }],
  [{ name: "a".repeat(101) }],
  [{ name: null }],
  [{ model: "a".repeat(101) }],
  [{ serial_number: 7 }],
  [{ location: "a".repeat(201) }],
  [{ status: "broken" }],
  [{ status: null }],
  [{ machine_type: "cnc" }],
  [{ machine_type: null }],
  [[]],
  ["text"],
])("refuses %j", async (body) => {
  const { id } = await addMachine(app, supervisor);
  await refuse(id, body, 400, "validation_failed");
});

test.each(["0", "-1", "1.5", "abc", "1e3", "9999999999999999", "1%20OR%201"])("refuses the id %s", async (id) => {
  for (const [method, path] of [
    ["GET", `/api/machines/${id}`],
    ["PATCH", `/api/machines/${id}`],
    ["DELETE", `/api/machines/${id}`],
    ["GET", `/api/machines/${id}/qr.svg`],
  ] as const) {
    const init = send(supervisor, method === "PATCH" ? {} : undefined, {}, method);
    await expectRefusal(app, path, init, 400, "validation_failed");
  }
});

test("an unknown machine is not found", async () => {
  await expectRefusal(app, "/api/machines/99999", send(supervisor), 404, "machine_not_found");
  await expectRefusal(app, "/api/machines/99999", send(supervisor, {}, {}, "PATCH"), 404, "machine_not_found");
});

test("who may not manage machines changes none", async () => {
  const { id } = await addMachine(app, supervisor);
  await refuse(id, { name: "Mine" }, 403, "forbidden", operator);
  await refuse(id, { status: "maintenance" }, 403, "forbidden", technician);
  await expectProblem(await patchMachine(app, null, id, { name: "Mine" }), 401, "unauthorized");
});

describe("serial numbers", () => {
  test("are unique, also against a retired machine; one's own is no conflict", async () => {
    const { id } = await addMachine(app, supervisor, { serial_number: "UNIQUE-1" });
    const other = await addMachine(app, supervisor, { serial_number: "UNIQUE-2" });
    await refuse(id, { serial_number: "UNIQUE-2" }, 409, "serial_number_taken");
    await execute(`UPDATE machines SET retired_at = '2026-11-01T00:00:00.000Z' WHERE id = ${other.id}`);
    await refuse(id, { serial_number: "UNIQUE-2" }, 409, "serial_number_taken");
    const same = await patchMachine(app, supervisor, id, { serial_number: "UNIQUE-1" });
    expect((await shownMachine(same)).serial_number).toBe("UNIQUE-1");
  });

  test("of two who take the same one, one gets it", async () => {
    const ids = [await addMachine(app, supervisor), await addMachine(app, supervisor)].map(({ id }) => id);
    const answers = await Promise.all(
      ids.map((id) => patchMachine(app, supervisor, id, { serial_number: "CONTESTED" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe("the search text", () => {
  test("follows name, model and serial number", async () => {
    const { id } = await addMachine(app, supervisor, { name: "Haas", model: "VF-2", serial_number: "S1" });
    expect(await searchTextOf(id)).toBe(" haas vf 2 s1");
    await patchMachine(app, supervisor, id, { name: "Électrobroche" });
    expect(await searchTextOf(id)).toBe(" electrobroche vf 2 s1");
    await patchMachine(app, supervisor, id, { model: null, serial_number: "S2" });
    expect(await searchTextOf(id)).toBe(" electrobroche s2");
    await patchMachine(app, supervisor, id, { location: "Hall A" });
    expect(await searchTextOf(id)).toBe(" electrobroche s2");
  });

  test("holds what everybody wrote who changed the machine at once", async () => {
    const { id } = await addMachine(app, supervisor, { name: "Haas", model: "VF-2" });
    const bodies = [{ name: "Mazak" }, { model: "QTN" }, { serial_number: "Z9" }];
    const answers = await Promise.all(bodies.map((body) => patchMachine(app, supervisor, id, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await searchTextOf(id)).toBe(" mazak qtn z9");
  });
});

describe("the type", () => {
  test("changes while the machine has no ticket", async () => {
    await addMachine(app, supervisor, { machine_type: "LAT" });
    const { id } = await addMachine(app, supervisor);
    const changed = await shownMachine(await patchMachine(app, supervisor, id, { machine_type: "LAT" }));
    expect(changed.machine_type).toBe("LAT");
  });

  test("stays once there is a ticket, even a closed or deleted one", async () => {
    await addMachine(app, supervisor, { machine_type: "LAT" });
    for (const ticket of [{}, { status: "completed" }, { deleted: true }]) {
      const { id } = await addMachine(app, supervisor);
      await ticketRow(id, operator, ticket);
      await refuse(id, { machine_type: "LAT", name: "Not this either" }, 409, "machine_has_tickets");
      const same = await patchMachine(app, supervisor, id, { machine_type: "CNC", name: "But this" });
      expect(await shownMachine(same)).toMatchObject({ machine_type: "CNC", name: "But this" });
    }
  });

  test("must exist, with and without tickets", async () => {
    const { id } = await addMachine(app, supervisor);
    await refuse(id, { machine_type: "NONE" }, 404, "machine_type_not_found");
    await ticketRow(id, operator);
    await refuse(id, { machine_type: "NONE" }, 404, "machine_type_not_found");
  });

  test("and a first ticket at once: the ticket's number has the type that the machine keeps", async () => {
    await addMachine(app, supervisor, { machine_type: "LAT" });
    for (let round = 0; round < 5; round++) {
      const { id } = await addMachine(app, supervisor);
      const [changed, created] = await Promise.all([
        patchMachine(app, supervisor, id, { machine_type: "LAT" }),
        app.request("/api/tickets", send(operator, { title: "Alarm 31", machine_id: id })),
      ]);
      expect(created.status).toBe(201);
      expect([200, 409]).toContain(changed.status);
      const { ticket } = (await created.json()) as { ticket: { ticket_id: string } };
      const kept = await shownMachine(await app.request(`/api/machines/${id}`, send(operator)));
      expect(ticket.ticket_id.slice(0, 3)).toBe(kept.machine_type);
    }
  });
});

describe("the status", () => {
  test.each(["operational", "maintenance", "out_of_service"])("becomes %s", async (status) => {
    const { id } = await addMachine(app, supervisor);
    expect((await shownMachine(await patchMachine(app, supervisor, id, { status }))).status).toBe(status);
  });

  test("stays out_of_service while an open ticket says that the machine is down", async () => {
    const { id } = await addMachine(app, supervisor, { status: "out_of_service" });
    const ticket = await ticketRow(id, operator, { down: 1 });
    await ticketRow(id, operator);
    for (const status of ["operational", "maintenance"]) await refuse(id, { status }, 409, "machine_is_down");
    const same = await patchMachine(app, supervisor, id, { status: "out_of_service", name: "Still down" });
    expect(await shownMachine(same)).toMatchObject({ status: "out_of_service", name: "Still down" });
    expect((await patchMachine(app, supervisor, id, { location: "Hall B" })).status).toBe(200);

    await execute(`UPDATE tickets SET status = 'cancelled' WHERE id = ${ticket}`);
    const up = await patchMachine(app, supervisor, id, { status: "operational" });
    expect((await shownMachine(up)).status).toBe("operational");
  });

  test.each([
    ["a completed", { status: "completed", down: 1 }],
    ["a deleted", { deleted: true, down: 1 }],
    ["another", { down: 0 }],
  ])("is not held by %s ticket", async (_, ticket) => {
    const { id } = await addMachine(app, supervisor, { status: "out_of_service" });
    await ticketRow(id, operator, ticket);
    expect((await patchMachine(app, supervisor, id, { status: "operational" })).status).toBe(200);
  });

  test("is not held by another machine's ticket", async () => {
    const { id } = await addMachine(app, supervisor, { status: "out_of_service" });
    const other = await addMachine(app, supervisor);
    await ticketRow(other.id, operator, { down: 1 });
    expect((await patchMachine(app, supervisor, id, { status: "operational" })).status).toBe(200);
  });

  test("says why in French too", async () => {
    const { id } = await addMachine(app, supervisor, { status: "out_of_service" });
    await ticketRow(id, operator, { down: 1 });
    const init = send(supervisor, { status: "operational" }, { "accept-language": "fr" }, "PATCH");
    const problem = await expectProblem(await app.request(`/api/machines/${id}`, init), 409, "machine_is_down");
    expect(problem.detail).toContain("ticket ouvert");
  });

  test("and a ticket that stops the machine at once: it ends out of service", async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await addMachine(app, supervisor);
      const ticket = { title: "Alarm 31", machine_id: id, is_machine_down: true };
      await Promise.all([
        patchMachine(app, supervisor, id, { status: "maintenance" }),
        app.request("/api/tickets", send(operator, ticket)),
        patchMachine(app, supervisor, id, { status: "operational" }),
      ]);
      const shown = await shownMachine(await app.request(`/api/machines/${id}`, send(operator)));
      expect(shown.status).toBe("out_of_service");
    }
  });
});

describe("what happens between looking at a machine and changing it", () => {
  test("a first ticket: the type stays", async () => {
    await addMachine(app, supervisor, { machine_type: "LAT" });
    const { id } = await addMachine(app, supervisor);
    const late = overtaken(() => ticketRow(id, operator));
    await expectProblem(await patchMachine(late, supervisor, id, { machine_type: "LAT" }), 409, "machine_has_tickets");
    expect((await shownMachine(await app.request(`/api/machines/${id}`, send(operator)))).machine_type).toBe("CNC");
  });

  test("a ticket that stops the machine: it stays out of service", async () => {
    const { id } = await addMachine(app, supervisor, { status: "out_of_service" });
    const late = overtaken(() => ticketRow(id, operator, { down: 1 }));
    await expectProblem(await patchMachine(late, supervisor, id, { status: "operational" }), 409, "machine_is_down");
    expect(await stored(id)).toMatchObject({ status: "out_of_service" });
  });

  test("its retirement: it is not found", async () => {
    const { id } = await addMachine(app, supervisor);
    const late = overtaken(() => execute(`UPDATE machines SET retired_at = '2026-11-20' WHERE id = ${id}`));
    await expectProblem(await patchMachine(late, supervisor, id, { name: "Late" }), 404, "machine_not_found");
    expect(await stored(id)).toMatchObject({ name: "Haas VF-2" });
  });

  test.each([
    [{ name: "Mazak" }, " mazak hall"],
    [{ model: "QTN" }, " haas vf 2 qtn hall"],
    [{ serial_number: "Y7" }, " haas vf 2 hall y7"],
  ])("another %j: both changes are in the search text", async (first, expected) => {
    const { id } = await addMachine(app, supervisor);
    const late = overtaken(() => patchMachine(app, supervisor, id, first));
    const second = "model" in first ? { serial_number: "Hall" } : { model: "Hall" };
    const changed = await shownMachine(await patchMachine(late, supervisor, id, second));
    expect(changed).toMatchObject({ ...first, ...second });
    expect(await searchTextOf(id)).toBe(expected);
    await patchMachine(app, supervisor, id, { serial_number: null });
  });
});
