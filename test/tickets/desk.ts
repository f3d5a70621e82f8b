import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { runCron } from "../../src/cron.ts";
import type { DeliveryMessage } from "../../src/env.ts";
import type { ProblemCode } from "../../src/problem.ts";
import { Ticket } from "../../src/tickets/schemas.ts";
import { ROLES, type Role } from "../../src/vocabulary/roles.ts";
import { type App, bindings, type Person, person, queryAll, send, startApp } from "../helpers.ts";

export type Fields = Record<string, unknown>;
export type Headers = Record<string, string>;

/** A clock that moves only when the test says so. */
function handClock(start: string) {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    iso: () => new Date(time).toISOString(),
    set(instant: string) {
      time = Date.parse(instant);
    },
    /** Lets minutes go by; returns the new instant. */
    pass(minutes: number) {
      time += minutes * 60_000;
      return new Date(time).toISOString();
    },
  };
}

/** A queue that takes every message and delivers none, so that only the test's own requests change anything. */
function heldQueue() {
  const ids: number[] = [];
  const take = (message: DeliveryMessage) => ids.push(...message.ids);
  return {
    ids,
    queue: {
      send: async (message: DeliveryMessage) => void take(message),
      sendBatch: async (batch: Iterable<MessageSendRequest<DeliveryMessage>>) => {
        for (const { body } of batch) take(body);
      },
    },
  };
}

/** The shop's ticket desk: the whole application with a clock in the test's hands and a queue that stands still. */
export function openDesk(start = "2026-11-20T15:00:00.000Z", settings: Record<string, unknown> = {}) {
  const clock = handClock(start);
  const held = heldQueue();
  const environment = bindings({ DELIVERIES: held.queue, ...settings });
  const app = startApp({ now: clock.now }, environment);
  return { ...calls(app), app, clock, environment, cron: () => cron(environment, clock.now), announced: held.ids };
}

export type Desk = ReturnType<typeof openDesk>;

const cron = (environment: ReturnType<typeof bindings>, now: () => Date) =>
  runCron("* * * * *", environment, {
    now,
    sleep: async () => {},
    fetch: () => Promise.reject(new Error("a cron run sends nothing itself")),
  });

/** A ticket out of an answer, with every member checked against the published schema and no other allowed. */
export async function ticketOf(response: Response, status = 200): Promise<Ticket> {
  const body = (await response.json()) as { ticket?: unknown };
  expect({ status: response.status, body }).toMatchObject({ status, body: { ticket: {} } });
  return Ticket.strict().parse(body.ticket);
}

function calls(app: App) {
  const patch = (sender: Person | null, ref: string | number, body: Fields, headers: Headers = {}) =>
    app.request(`/api/tickets/${ref}`, send(sender, body, headers, "PATCH"));
  return {
    patch,
    get: (sender: Person | null, path: string, headers: Headers = {}) =>
      app.request(path, send(sender, undefined, headers)),
    /** The ticket as it is now, without its timeline. */
    async read(sender: Person, ref: string | number): Promise<Ticket> {
      const response = await app.request(`/api/tickets/${ref}`, send(sender));
      return Ticket.parse(((await response.json()) as { ticket: unknown }).ticket);
    },
    /** A change that must succeed. */
    async change(sender: Person, ref: string | number, body: Fields): Promise<Ticket> {
      return ticketOf(await patch(sender, ref, body));
    },
    async create(sender: Person, fields: Fields): Promise<Ticket> {
      return ticketOf(await app.request("/api/tickets", send(sender, { title: "Spindle vibrates", ...fields })), 201);
    },
    remove: (sender: Person | null, ref: string | number, headers: Headers = {}) =>
      app.request(`/api/tickets/${ref}`, send(sender, undefined, headers, "DELETE")),
    comment: (sender: Person | null, ref: string | number, body: string, headers: Headers = {}) =>
      app.request(`/api/tickets/${ref}/comments`, send(sender, { body }, headers)),
    acknowledge: (sender: Person | null, ref: string | number) =>
      app.request(`/api/tickets/${ref}/acknowledge`, send(sender, undefined, {}, "POST")),
  };
}

/** One person of each role, signed in. */
export async function crew(): Promise<Record<Role, Person>> {
  return Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await person(role)])));
}

export interface Problem {
  code: ProblemCode;
  errors?: { path: string; message: string }[];
  [member: string]: unknown;
}

/** Checks status and code of a refusal; returns its document. */
export async function problemOf(response: Response, status: number, code: ProblemCode): Promise<Problem> {
  const body = (await response.json()) as Problem;
  expect({ status: response.status, code: body.code }).toEqual({ status, code });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return body;
}

/** Every row that a request to the desk could have changed. */
export async function contents(): Promise<unknown[]> {
  const tables = [
    "tickets ORDER BY id",
    "ticket_timeline ORDER BY id",
    "search_edits ORDER BY id",
    "search_blocks ORDER BY id",
    "search_leaves ORDER BY block_id, first_word",
    "ticket_counters ORDER BY code, month",
    "machines ORDER BY id",
    "deliveries ORDER BY id",
    "idempotency_keys ORDER BY user_id, route, key",
  ];
  const results = await env.DB.batch(tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)));
  return results.map(({ results: rows }) => rows);
}

/** Sends a request that must be refused with this status and code and must change no row. */
export async function expectRefusal(request: () => Promise<Response>, status: number, code: ProblemCode) {
  const before = await contents();
  const problem = await problemOf(await request(), status, code);
  expect(await contents()).toEqual(before);
  return problem;
}

/** Brings a ticket into a status by hand, whatever the state machine says. */
export async function putInto(id: number, status: Ticket["status"], completed_at: string | null = null) {
  await env.DB.prepare("UPDATE tickets SET status = ?, completed_at = ? WHERE id = ?")
    .bind(status, completed_at, id)
    .run();
}

export interface TimelineRow {
  action: string;
  old_value: string | null;
  new_value: string | null;
  comment: string | null;
  user_name: string | null;
}

/** What the timeline of a ticket holds after its first `skip` entries. */
export const timelineOf = (id: number, skip = 0): Promise<TimelineRow[]> =>
  queryAll(
    `SELECT action, old_value, new_value, comment, user_name FROM ticket_timeline WHERE ticket_id = ?
     ORDER BY id LIMIT -1 OFFSET ${skip}`,
    id,
  );
