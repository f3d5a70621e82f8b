import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test } from "vitest";
import { unsigned } from "../auth/credentials.ts";
import { breakingConnection } from "../db/connection.ts";
import { abortOn, dropFaults, FAULT_TEXT } from "../db/triggers.ts";
import {
  at,
  bindings,
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

/** All that a creation could have changed, as values rather than counts. */
const state = () =>
  Promise.all([
    rowCounts(),
    queryAll("SELECT * FROM ticket_counters ORDER BY code, month"),
    queryAll("SELECT id, status, updated_at FROM machines ORDER BY id"),
    queryAll("SELECT name, seq FROM sqlite_sequence ORDER BY name"),
  ]);

test.each([
  ["INSERT", "ticket_counters", "AA"],
  ["INSERT", "tickets", "AB"],
  ["INSERT", "ticket_timeline", "AC"],
  ["UPDATE", "machines", "AD"],
  ["INSERT", "idempotency_keys", "AE"],
] as const)("a failing %s on %s leaves no trace and no gap", async (event, table, code) => {
  const app = startApp(clock);
  const machine_id = await machine(code);
  const body = { title: "Spindle vibrates", machine_id, is_machine_down: true };
  const headers = { "idempotency-key": `atomic-${code}` };
  const before = await state();

  await abortOn(event, table);
  const problem = await expectRefusal(app, "/api/tickets", send(technician, body, headers), 500, "internal_error");
  expect(await state()).toEqual(before);
  const text = JSON.stringify(problem);
  for (const leak of [FAULT_TEXT, "SQLITE", "D1_ERROR", "INSERT", table, "stack", unsigned(technician.token)]) {
    expect(text).not.toContain(leak);
  }

  await dropFaults();
  const response = await postTicket(app, technician, body, headers);
  expect(response.headers.get("idempotency-replayed")).toBeNull();
  expect((await createdTicket(response)).ticket_id).toBe(`${code}-1126-0001`);
});

test("a connection lost after the commit is retried, and the committed ticket is the answer", async () => {
  const machine_id = await machine("NETA");
  const { database, batches } = breakingConnection(env.DB, "after commit");
  const { waits, sleep } = recordedSleep();
  const app = startApp({ ...clock, sleep }, bindings({ DB: database }));
  const response = await postTicket(app, technician, { title: "Wi-Fi", machine_id }, { "idempotency-key": "net-a" });
  expect(response.headers.get("idempotency-replayed")).toBe("true");
  expect((await createdTicket(response)).ticket_id).toBe("NETA-1126-0001");
  expect(batches()).toBe(2);
  expect(waits).toEqual([100]);
  expect(await queryAll("SELECT 1 FROM tickets WHERE machine_id = ?", machine_id)).toHaveLength(1);
  expect(await queryAll("SELECT last_number FROM ticket_counters WHERE code = 'NETA'")).toEqual([{ last_number: 1 }]);
});

test("a connection lost before the commit is retried, and there is one ticket", async () => {
  const machine_id = await machine("NETB");
  const { database } = breakingConnection(env.DB, "before", 2);
  const { waits, sleep } = recordedSleep();
  const app = startApp({ ...clock, sleep }, bindings({ DB: database }));
  const response = await postTicket(app, technician, { title: "Wi-Fi", machine_id }, { "idempotency-key": "net-b" });
  expect((await createdTicket(response)).ticket_id).toBe("NETB-1126-0001");
  expect(waits).toEqual([100, 300]);
  expect(await queryAll("SELECT 1 FROM tickets WHERE machine_id = ?", machine_id)).toHaveLength(1);
});

test("without an idempotency key a lost connection is not retried: the client is told to", async () => {
  const machine_id = await machine("NETC");
  const { database, batches } = breakingConnection(env.DB, "before");
  const { waits, sleep } = recordedSleep();
  const app = startApp({ ...clock, sleep }, bindings({ DB: database }));
  const response = await postTicket(app, technician, { title: "Wi-Fi", machine_id });
  expect(response.headers.get("retry-after")).toBe("1");
  await expectProblem(response, 503, "database_unavailable");
  expect(batches()).toBe(1);
  expect(waits).toEqual([]);
});

test("a connection that stays broken ends in database_unavailable, and the same request succeeds later", async () => {
  const machine_id = await machine("NETD");
  const { database } = breakingConnection(env.DB, "before", 99);
  const { waits, sleep } = recordedSleep();
  const body = { title: "Wi-Fi", machine_id };
  const broken = startApp({ ...clock, sleep }, bindings({ DB: database }));
  const init = send(technician, body, { "idempotency-key": "net-d" });
  await expectRefusal(broken, "/api/tickets", init, 503, "database_unavailable");
  expect(waits).toEqual([100, 300]);
  const response = await startApp(clock).request("/api/tickets", init);
  expect((await createdTicket(response)).ticket_id).toBe("NETD-1126-0001");
});

test("a creation whose answers are all lost is found again by its key", async () => {
  const machine_id = await machine("NETE");
  const { database } = breakingConnection(env.DB, "after commit", 99);
  const { sleep } = recordedSleep();
  const app = startApp({ ...clock, sleep }, bindings({ DB: database }));
  for (const _ of [1, 2, 3]) {
    const response = await postTicket(app, technician, { title: "Wi-Fi", machine_id }, { "idempotency-key": "net-e" });
    expect((await createdTicket(response)).ticket_id).toBe("NETE-1126-0001");
  }
  expect(await queryAll("SELECT 1 FROM tickets WHERE machine_id = ?", machine_id)).toHaveLength(1);
});
