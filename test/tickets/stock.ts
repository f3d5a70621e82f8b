import { env } from "cloudflare:workers";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { TicketPriority } from "../../src/vocabulary/priorities.ts";
import type { TicketStatus } from "../../src/vocabulary/statuses.ts";

/** A ticket of a shop in full swing, as the test's own model knows it. */
export interface Stocked
  extends Pick<
    Ticket,
    "id" | "status" | "priority" | "machine_id" | "machine_type" | "customer_id" | "reported_by" | "assigned_to"
  > {
  is_machine_down: boolean;
  title: string;
  created_at: string;
  updated_at: string;
  deleted: boolean;
  /** The words that it is found by; those of its title unless told. */
  search_text?: string;
}

/** Numbers that look random and are the same in every run (mulberry32). */
export function randomNumbers(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    chance: (share: number) => next() < share,
    below: (limit: number) => Math.floor(next() * limit),
    pick: <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T,
  };
}

// Written down a second time: what the tests themselves hold to be open, and more urgent.
const IS_OPEN = {
  received: true,
  diagnostic: true,
  in_progress: true,
  waiting_parts: true,
  completed: false,
  cancelled: false,
  archived: false,
} as const satisfies Record<TicketStatus, boolean>;
const RANKS = { low: 0, medium: 1, high: 2, critical: 3 } as const satisfies Record<TicketPriority, number>;
export const STATUSES = Object.keys(IS_OPEN) as readonly TicketStatus[];
export const OPEN = STATUSES.filter((status) => IS_OPEN[status]);
export const PRIORITIES = Object.keys(RANKS) as readonly TicketPriority[];
const SUBJECTS = ["spindle", "spindles", "coolant", "conveyor", "belt", "door", "pump"];
const SYMPTOMS = ["leaks", "leaking", "stuck", "noisy", "alarm", "spins"];

const START = Date.parse("2026-11-01T00:00:00.000Z");

export interface Shop {
  machines: { id: number; code: string }[];
  people: number[];
  customers: (number | null)[];
}

/** Tickets in every state; some hundred share few instants, so that ties are the rule. */
export function randomTickets(count: number, shop: Shop, seed: number): Stocked[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, (_, index) => {
    const { id: machine_id, code } = random.pick(shop.machines);
    const created = START + random.below(count / 4) * 60_000;
    return {
      id: index + 1,
      title: `${random.pick(SUBJECTS)} ${random.pick(SYMPTOMS)}`,
      status: random.pick(STATUSES),
      priority: random.pick(PRIORITIES),
      machine_id,
      machine_type: code,
      customer_id: random.chance(0.3) ? random.pick(shop.customers) : null,
      reported_by: random.pick(shop.people),
      assigned_to: random.chance(0.6) ? random.pick(shop.people) : null,
      is_machine_down: random.chance(0.3),
      created_at: new Date(created).toISOString(),
      updated_at: new Date(created + random.below(count / 4) * 60_000).toISOString(),
      deleted: random.chance(0.06),
    };
  });
}

/** Writes tickets past the API, with the words of their titles, not yet filed; their numbers are those of a month long gone. */
export async function stock(tickets: Stocked[]): Promise<void> {
  const rows = JSON.stringify(
    tickets.map((ticket) => ({
      ...ticket,
      number: `${ticket.machine_type}-0120-${String(ticket.id).padStart(4, "0")}`,
    })),
  );
  await env.DB.prepare(
    `INSERT INTO tickets (id, ticket_id, title, status, priority, machine_id, machine_type_id, customer_id, reported_by,
         reporter_name, assigned_to, is_machine_down, completed_at, reported_at, created_at, updated_at, deleted_at,
         search_text)
       SELECT t.value ->> 'id', t.value ->> 'number', t.value ->> 'title', t.value ->> 'status', t.value ->> 'priority',
         t.value ->> 'machine_id', (SELECT machine_type_id FROM machines WHERE id = t.value ->> 'machine_id'),
         t.value ->> 'customer_id', t.value ->> 'reported_by', 'Somebody', t.value ->> 'assigned_to',
         t.value ->> 'is_machine_down', iif(t.value ->> 'status' = 'completed', t.value ->> 'updated_at', NULL),
         t.value ->> 'created_at', t.value ->> 'created_at', t.value ->> 'updated_at',
         iif(t.value ->> 'deleted', t.value ->> 'updated_at', NULL), coalesce(t.value ->> 'search_text', ' ' || (t.value ->> 'title'))
       FROM json_each(?) t`,
  )
    .bind(rows)
    .run();
}
