import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Ticket, TicketWithTimelineOutput, TimelineEntry } from "../../src/tickets/schemas.ts";
import { at, execute, machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "./api.ts";

const Output = TicketWithTimelineOutput.extend({
  ticket: Ticket.extend({ timeline: TimelineEntry.strict().array(), timeline_before: z.null() }).strict(),
}).strict();
const app = startApp(at("2026-11-20T15:00:00.000Z"));
let operator: Person;
let ticket: Ticket;

beforeAll(async () => {
  operator = await person("operator", "Olivier Opérateur");
  const machine_id = await machine("CNC");
  ticket = await createdTicket(await postTicket(app, operator, { title: "Spindle vibrates", machine_id }));
});

async function get(ref: string | number) {
  const response = await app.request(`/api/tickets/${ref}`, send(operator));
  expect(response.status).toBe(200);
  return { ...Output.parse(await response.json()).ticket, etag: response.headers.get("etag") };
}

test("a ticket is found by its number in any case, and by its id", async () => {
  for (const ref of ["CNC-1126-0001", "cnc-1126-0001", "Cnc-1126-0001", ticket.id]) {
    expect(await get(ref)).toMatchObject(ticket);
  }
});

test("it comes with its timeline, oldest entry first, and with names as they were then", async () => {
  const later = "2026-11-20T16:00:00.000Z";
  const first = (await get(ticket.id)).timeline[0]?.id ?? 0;
  await execute(
    `INSERT INTO ticket_timeline (ticket_id, id, user_id, user_name, action, comment, created_at)
     VALUES (${ticket.id}, ${first + 1}, ${operator.id}, 'Olivier Opérateur', 'commented', 'Still loud', '${later}')`,
    `INSERT INTO ticket_timeline (ticket_id, id, action, created_at)
     VALUES (${ticket.id}, ${first + 2}, 'notified', '2026-11-20T15:30:00.000Z')`,
    `UPDATE users SET name = 'Renamed' WHERE id = ${operator.id}`,
  );
  const entry = {
    ticket_id: ticket.id,
    user_id: operator.id,
    user_name: "Olivier Opérateur",
    comment: null,
    occurred_at: null,
  };
  expect((await get(ticket.id)).timeline).toEqual([
    { ...entry, id: first, action: "created", old_value: null, new_value: "received", created_at: ticket.created_at },
    {
      ...entry,
      id: first + 1,
      action: "commented",
      old_value: null,
      new_value: null,
      comment: "Still loud",
      created_at: later,
    },
    expect.objectContaining({ id: first + 2, action: "notified", user_id: null, user_name: null }),
  ]);
});

test("its ETag begins with its version", async () => {
  expect((await get(ticket.id)).etag).toMatch(/^"1-/);
  await execute(`UPDATE tickets SET version = 12 WHERE id = ${ticket.id}`);
  expect(await get(ticket.ticket_id)).toMatchObject({ etag: expect.stringMatching(/^"12-/), version: 12 });
});

test.each([
  "9999",
  "0",
  "CNC-1126-0002",
  "CNC-1126-1",
  "CNC-1126-00001",
  "CNC-1126-000%25",
  "CNC-1126-____",
  "CNC%",
  "%25",
  "LAT-1126-0001",
  "1.0",
  "1e0",
  "-1",
  "+1",
  "0x1",
  "%201",
  "1%20",
  "999999999999999",
  "9999999999999999999999",
  "1' OR '1'='1",
  "null",
  "%00",
  "CNC-1126-0001%00",
  "CNC-1126-0001%0A",
  "%F0%9F%94%A7",
])("the reference '%s' finds nothing", async (ref) => {
  await expectRefusal(app, `/api/tickets/${ref}`, send(operator), 404, "ticket_not_found");
});

test("a reference of any length finds nothing", async () => {
  for (const ref of ["x".repeat(40), "x".repeat(41), "9".repeat(2000)]) {
    await expectRefusal(app, `/api/tickets/${ref}`, send(operator), 404, "ticket_not_found");
  }
});

test("a soft-deleted ticket is not found, neither by number nor by id nor in the list", async () => {
  const gone = await createdTicket(
    await postTicket(app, operator, { title: "Sent by mistake", machine_id: ticket.machine_id }),
  );
  await execute(`UPDATE tickets SET deleted_at = '2026-11-20T15:01:00.000Z' WHERE id = ${gone.id}`);
  for (const ref of [gone.ticket_id, gone.id]) {
    await expectRefusal(app, `/api/tickets/${ref}`, send(operator), 404, "ticket_not_found");
  }
  const list = await (await app.request("/api/tickets", send(operator))).text();
  expect(list).not.toContain(gone.ticket_id);
});

test("a ticket on a machine retired since is still shown", async () => {
  await execute(`UPDATE machines SET retired_at = '2026-11-20T15:01:00.000Z' WHERE id = ${ticket.machine_id}`);
  expect(await get(ticket.id)).toMatchObject({ machine_name: "CNC machine" });
});
