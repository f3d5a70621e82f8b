import type { Actor } from "../actor.ts";
import { AppError } from "../problem.ts";
import { can, type Permission } from "../vocabulary/roles.ts";
import type { Ticket } from "./schemas.ts";

/** A permission; or else `reporter`: one's own ticket while it is `received`, and whoever may edit any ticket. */
type Right = Permission | "reporter";

/**
 * Who may set which field of a ticket (contract sections 2 and 4): when it is created, by a request or a line of a file,
 * and afterwards. The one table that every way in asks.
 */
const FIELDS = {
  machine_id: { create: "tickets:create", change: null },
  title: { create: "tickets:create", change: "reporter" },
  description: { create: "tickets:create", change: "reporter" },
  priority: { create: "tickets:create", change: "reporter" },
  reporter_name: { create: "tickets:create", change: "tickets:edit" },
  reported_at: { create: "tickets:create", change: "tickets:edit" },
  scheduled_date: { create: "tickets:create", change: "tickets:edit" },
  is_machine_down: { create: "tickets:create", change: "tickets:work" },
  // Whoever may take tickets may name themselves; see `rightTo`.
  assigned_to: { create: "tickets:assign", change: "tickets:assign" },
  // What a customer is told goes out in the shop's name, and whether an id is known is nobody else's business.
  customer_id: { create: "tickets:edit", change: "tickets:edit" },
  status: { create: "tickets:csv", change: "tickets:work" },
  created_at: { create: "tickets:csv", change: null },
  completed_at: { create: "tickets:csv", change: null },
  comment: { create: null, change: "tickets:comment" },
} as const satisfies Record<string, { create: Right | null; change: Right | null }>;

type Field = keyof typeof FIELDS;
const TICKET_FIELDS = Object.keys(FIELDS) as Field[];

function rightTo(actor: Actor, field: Field, value: unknown, way: "create" | "change"): Right | null {
  return field === "assigned_to" && value === actor.id ? "tickets:take" : FIELDS[field][way];
}

/**
 * The first of these fields that this person may not set, if there is one.
 *
 * @param fields what is set; undefined members are not.
 * @param ticket the ticket that is changed; null: one that is created, where null sets nothing.
 */
export function forbiddenField(
  actor: Actor,
  fields: Partial<Record<Field, unknown>>,
  ticket: Pick<Ticket, "reported_by" | "status"> | null,
): Field | undefined {
  const own = ticket?.reported_by === actor.id && ticket.status === "received";
  return TICKET_FIELDS.find((field) => {
    const value = fields[field];
    if (value === undefined || (ticket === null && value === null)) return false;
    const right = rightTo(actor, field, value, ticket ? "change" : "create");
    if (right === "reporter") return !own && !can(actor.role, "tickets:edit");
    return right === null || !can(actor.role, right);
  });
}

/**
 * Refuses a request that sets a field which this person may not set.
 *
 * @param ticket as in `forbiddenField`.
 * @throws AppError `forbidden_field`.
 */
export function checkFields(actor: Actor, fields: Partial<Record<Field, unknown>>, ticket: Ticket | null): void {
  const field = forbiddenField(actor, fields, ticket);
  if (field) throw new AppError("forbidden_field", { params: { field } });
}
