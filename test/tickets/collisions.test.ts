import { afterEach, beforeAll, expect, test } from "vitest";
import { collideAlways, dropFaults, foreignTicketSql, runBefore } from "../db/triggers.ts";
import {
  at,
  execute,
  machine,
  type Person,
  person,
  queryAll,
  recordedSleep,
  rowCounts,
  send,
  startApp,
} from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const clock = at("2026-11-20T15:00:00.000Z");
let technician: Person;

beforeAll(async () => {
  technician = await person("technician");
});
afterEach(dropFaults);

let types = 0;

/** A machine of a type that no other test uses, so that its count starts afresh. */
async function freshMachine() {
  const code = `M${String.fromCharCode(65 + types++)}`;
  return { code, machine_id: await machine(code) };
}

/** Creates a ticket and tells which number it got and how long it would have waited for it. */
async function create(machine_id: number, headers?: Record<string, string>) {
  const { waits, sleep } = recordedSleep();
  const app = startApp({ ...clock, sleep });
  const ticket = await createdTicket(
    await postTicket(app, technician, { title: "Spindle vibrates", machine_id }, headers),
  );
  return { number: ticket.ticket_id, waits };
}

const lastNumber = async (code: string) =>
  (await queryAll<{ last_number: number }>("SELECT last_number FROM ticket_counters WHERE code = ?", code))[0]
    ?.last_number;

test("without a collision there is no wait", async () => {
  const { code, machine_id } = await freshMachine();
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-0001`, waits: [] });
});

test.each([
  { rows: ["0001"], next: "0002" },
  { rows: ["0001", "0002", "0003"], next: "0004" },
  { rows: ["0001", "0007", "0123"], next: "0124" },
  { rows: ["0001", "9999"], next: "10000" },
  { rows: ["0001", "10000", "9998"], next: "10001" },
])("after $rows were written by hand, the next creation waits 50 ms once and gets $next", async ({ rows, next }) => {
  const { code, machine_id } = await freshMachine();
  await execute(...rows.map((row) => foreignTicketSql(`${code}-1126-${row}`, machine_id, technician.id)));
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-${next}`, waits: [50] });
  expect(await lastNumber(code)).toBe(Number(next));
  expect((await create(machine_id)).waits).toEqual([]);
});

test("a row just above a counter that is in use costs one wait as well", async () => {
  const { code, machine_id } = await freshMachine();
  await create(machine_id);
  await create(machine_id);
  await execute(foreignTicketSql(`${code}-1126-0003`, machine_id, technician.id));
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-0004`, waits: [50] });
});

test("rows of other months and of longer codes do not raise the counter", async () => {
  const { code, machine_id } = await freshMachine();
  await execute(
    ...[`${code}-1126-0001`, `${code}-1026-0500`, `${code}-1127-0600`, `${code}X-1126-0700`, `X${code}-1126-0800`].map(
      (number) => foreignTicketSql(number, machine_id, technician.id),
    ),
  );
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-0002`, waits: [50] });
});

test("a soft-deleted row's number counts as taken", async () => {
  const { code, machine_id } = await freshMachine();
  await execute(
    foreignTicketSql(`${code}-1126-0001`, machine_id, technician.id),
    `UPDATE tickets SET deleted_at = created_at WHERE ticket_id = '${code}-1126-0001'`,
  );
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-0002`, waits: [50] });
});

test("a hard-deleted newest ticket neither blocks the next creation nor gives its number away again", async () => {
  const { code, machine_id } = await freshMachine();
  await create(machine_id);
  await create(machine_id);
  await execute(
    `DELETE FROM ticket_timeline WHERE ticket_id = (SELECT id FROM tickets WHERE ticket_id = '${code}-1126-0002')`,
    `DELETE FROM tickets WHERE ticket_id = '${code}-1126-0002'`,
  );
  expect(await create(machine_id)).toEqual({ number: `${code}-1126-0003`, waits: [] });
});

test("three collisions end in ticket_id_exhausted after 50 and 100 ms, with nothing written", async () => {
  const { code, machine_id } = await freshMachine();
  await create(machine_id);
  await collideAlways(machine_id, technician.id);
  const { waits, sleep } = recordedSleep();
  const before = await rowCounts();
  const response = await postTicket(
    startApp({ ...clock, sleep }),
    technician,
    { title: "Spindle vibrates", machine_id, is_machine_down: true },
    { "idempotency-key": "exhausted" },
  );
  await expectProblem(response, 500, "ticket_id_exhausted");
  expect(waits).toEqual([50, 100]);
  expect(await rowCounts()).toEqual(before);
  expect(await lastNumber(code)).toBe(1);
  expect(await queryAll("SELECT status FROM machines WHERE id = ?", machine_id)).toEqual([{ status: "operational" }]);

  // The key is free again: once the fault is over, the same request succeeds with the next number.
  await dropFaults();
  expect(await create(machine_id, { "idempotency-key": "exhausted" })).toEqual({
    number: `${code}-1126-0002`,
    waits: [],
  });
});

test("two collisions are survived: the third try succeeds after 50 and 100 ms", async () => {
  const { code, machine_id } = await freshMachine();
  await collideAlways(machine_id, technician.id);
  const waits: number[] = [];
  const sleep = async (ms: number) => {
    waits.push(ms);
    if (ms === 100) await dropFaults();
  };
  const app = startApp({ ...clock, sleep });
  const ticket = await createdTicket(await postTicket(app, technician, { title: "Third time lucky", machine_id }));
  expect(ticket.ticket_id).toBe(`${code}-1126-0001`);
  expect(waits).toEqual([50, 100]);
  expect(await queryAll("SELECT 1 FROM ticket_timeline WHERE ticket_id = ?", ticket.id)).toHaveLength(1);
});

test("a row written by hand during each wait is stepped over as well", async () => {
  const { code, machine_id } = await freshMachine();
  await execute(foreignTicketSql(`${code}-1126-0001`, machine_id, technician.id));
  const sleep = () => execute(foreignTicketSql(`${code}-1126-0002`, machine_id, technician.id));
  const app = startApp({ ...clock, sleep });
  const ticket = await createdTicket(await postTicket(app, technician, { title: "Busy importer", machine_id }));
  expect(ticket.ticket_id).toBe(`${code}-1126-0003`);
});

const OTHER_FAILURES = [
  ["CHECK constraint failed: tickets_title", foreignTicketSql("ZZ-0126-0001", 1, 1, "'x'")],
  ["NOT NULL constraint failed: tickets.title", foreignTicketSql("ZZ-0126-0001", 1, 1, "NULL")],
  ["FOREIGN KEY constraint failed", foreignTicketSql("ZZ-0126-0001", 1, 99999)],
  ["CHECK constraint failed: ticket_counters_last_number", "INSERT INTO ticket_counters VALUES ('ZZ', '0126', 0)"],
  ["UNIQUE constraint failed: users.email", "UPDATE users SET email = 'same@shop.example'"],
  ["UNIQUE constraint failed: ticket_counters.code", "INSERT INTO ticket_counters SELECT * FROM ticket_counters"],
] as const;

test.each(OTHER_FAILURES)("'%s' is not taken for a collision", async (message, statement) => {
  const machine_id = await machine("CHK");
  await create(machine_id);
  await person("operator");
  await expect(execute(statement)).rejects.toThrow(message);
  await runBefore("INSERT", "tickets", statement);
  const { waits, sleep } = recordedSleep();
  const init = send(technician, { title: "Spindle vibrates", machine_id }, { "idempotency-key": "other-failure" });
  await expectRefusal(startApp({ ...clock, sleep }), "/api/tickets", init, 500, "internal_error");
  expect(waits).toEqual([]);
});

test("a taken idempotency key is not taken for a collision", async () => {
  const { machine_id } = await freshMachine();
  await create(machine_id, { "idempotency-key": "taken" });
  expect((await create(machine_id, { "idempotency-key": "taken" })).waits).toEqual([]);
});
