import type { Actor } from "../actor.ts";
import { AppError } from "../problem.ts";
import { can } from "../vocabulary/roles.ts";
import { FIELDS, type Right, TICKET_FIELDS, type TicketField } from "./fields.ts";
import type { Ticket } from "./schemas.ts";

function rightTo(actor: Actor, field: TicketField, value: unknown, way: "create" | "change"): Right | null {
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
  fields: Partial<Record<TicketField, unknown>>,
  ticket: Pick<Ticket, "reported_by" | "status"> | null,
): TicketField | undefined {
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
export function checkFields(actor: Actor, fields: Partial<Record<TicketField, unknown>>, ticket: Ticket | null): void {
  const field = forbiddenField(actor, fields, ticket);
  if (field) throw new AppError("forbidden_field", { params: { field } });
}
