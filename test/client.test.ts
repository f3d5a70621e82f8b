import { hc } from "hono/client";
import { beforeAll, expect, expectTypeOf, test } from "vitest";
import type { AppType } from "../src/index.ts";
import type { Ticket } from "../src/tickets/schemas.ts";
import { at, machine, ORIGIN, type Person, person, startApp } from "./helpers.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

/** A client as another TypeScript program would make it, on top of this application instead of the network. */
const client = () =>
  hc<AppType>(ORIGIN, {
    headers: { authorization: `Bearer ${technician.token}` },
    fetch: (input: URL | RequestInfo, init?: RequestInit) => app.request(String(input).slice(ORIGIN.length), init),
  });

test("the typed client creates a ticket and reads it back", async () => {
  const created = await client().api.tickets.$post({
    header: { "idempotency-key": "typed" },
    json: { title: "Spindle vibrates", machine_id },
  });
  expect(created.status).toBe(201);
  const { ticket } = await created.json();
  expectTypeOf(ticket).toEqualTypeOf<Ticket>();
  expect(ticket.ticket_id).toBe("CNC-1126-0001");

  const shown = await client().api.tickets[":ref"].$get({ param: { ref: ticket.ticket_id } });
  expect((await shown.json()).ticket.timeline.map((entry) => entry.action)).toEqual(["created"]);

  const list = await client().api.tickets.$get({ query: { limit: "10" } });
  expect((await list.json()).tickets).toEqual([ticket]);
});

test("the typed client knows the other routes", async () => {
  const me = await client().api.me.$get();
  expect((await me.json()).user.role).toBe("technician");
  const health = await client().api.health.$get();
  expect((await health.json()).status).toBe("ok");
  const machines = await client().api.machines.$get({ query: {} });
  expect((await machines.json()).machines.map((machine) => machine.id)).toEqual([machine_id]);
});
