import { beforeAll, expect, test } from "vitest";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { foreignTicketSql } from "../db/triggers.ts";
import { at, execute, machine, type Person, person, queryAll, rowCounts, startApp } from "../helpers.ts";
import { createdTicket, postTicket } from "./api.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let people: Person[];

beforeAll(async () => {
  people = await Promise.all(ROLES.map((role) => person(role)));
});

const number = (code: string, index: number) => `${code}-1126-${String(index).padStart(4, "0")}`;
const series = (code: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => number(code, from + index));

/** Runs `count` jobs on `clients` clients, each of which starts its next job when its last one is answered. */
async function onClients<T>(clients: number, count: number, job: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const client = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await job(index);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return results;
}

const sender = (index: number): Person => people[index % people.length] as Person;

test("64 clients creating 400 tickets get 400 numbers without a gap, each with its timeline entry", async () => {
  const machine_id = await machine("CNC");
  const before = await rowCounts();
  const tickets = await onClients(64, 400, async (index) => {
    const body = { title: `Ticket of client ${index}`, machine_id };
    return createdTicket(await postTicket(app, sender(index), body, { "idempotency-key": `key-${index}` }));
  });

  expect(tickets.map((ticket) => ticket.ticket_id).sort()).toEqual(series("CNC", 1, 400));
  // Nobody was answered with somebody else's ticket.
  for (const [index, ticket] of tickets.entries()) {
    expect([ticket.title, ticket.reported_by]).toEqual([`Ticket of client ${index}`, sender(index).id]);
  }
  expect(await rowCounts()).toEqual({
    ...before,
    tickets: (before.tickets ?? 0) + 400,
    ticket_timeline: (before.ticket_timeline ?? 0) + 400,
    document_changes: (before.document_changes ?? 0) + 400,
    idempotency_keys: (before.idempotency_keys ?? 0) + 400,
    ticket_counters: (before.ticket_counters ?? 0) + 1,
  });
  const withoutEntry = await queryAll(
    `SELECT t.ticket_id FROM tickets t
     WHERE (SELECT COUNT(*) FROM ticket_timeline e
            WHERE e.ticket_id = t.id AND e.action = 'created' AND e.user_id = t.reported_by) <> 1`,
  );
  expect(withoutEntry).toEqual([]);
  expect(await queryAll("SELECT * FROM ticket_counters WHERE code = 'CNC'")).toEqual([
    { code: "CNC", month: "1126", last_number: 400 },
  ]);
});

test("clients on machines of several types get one series per type", async () => {
  const codes = ["LAT", "GRD", "PRS", "EDM"];
  const machines: number[] = [];
  for (const code of codes) machines.push(await machine(code));
  const tickets = await onClients(32, 80, async (index) => {
    const body = { title: "Alarm", machine_id: machines[index % machines.length] };
    return createdTicket(await postTicket(app, sender(index), body));
  });
  const given = tickets.map((ticket) => ticket.ticket_id).sort();
  expect(given).toEqual(codes.flatMap((code) => series(code, 1, 20)).sort());
});

test("clients that race over a number taken by hand all succeed, and nothing but that number is left out", async () => {
  const machine_id = await machine("HND");
  await execute(foreignTicketSql(number("HND", 11), machine_id, sender(0).id));
  const tickets = await onClients(32, 60, async (index) =>
    createdTicket(await postTicket(app, sender(index), { title: "Alarm", machine_id })),
  );
  expect(tickets.map((ticket) => ticket.ticket_id).sort()).toEqual([...series("HND", 1, 10), ...series("HND", 12, 61)]);
});
