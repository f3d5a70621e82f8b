import type { ActorContext } from "../context.ts";
import type { Fragment } from "../db/fragment.ts";
import type { Answer, IdempotencyRecord } from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { isAssignable } from "../users/assignable.ts";
import { boundTo, type Change, changeTicket } from "./change.ts";
import { checkOvertaken, type LastChanges, lastChanges } from "./overtaken.ts";
import { PLAIN_FIELDS, planUpdate, stored } from "./plan.ts";
import { SELECT_CHANGED_TICKET } from "./projection.ts";
import { idOfRef } from "./read.ts";
import { checkFields } from "./rights.ts";
import type { Ticket, UpdateTicketInput } from "./schemas.ts";
import { checkReportedAt } from "./stated-instants.ts";

const ASSIGNEE = `SELECT u.name FROM users u WHERE u.id = ? AND ${isAssignable("u")}`;
const CUSTOMER = "SELECT 1 FROM customers c WHERE c.id = ? AND c.archived_at IS NULL";

/** The people whom an update names: null is nobody who could be named. */
interface References extends LastChanges {
  assignee: string | null;
  customer: 1 | null;
}

/**
 * Changes a ticket (contract section 4): fields, assignment, status, an optional comment, in one batch, once per
 * idempotency key. `changeTicket` reads what `plan` asks for, and writes the change that it gives.
 *
 * @param ifMatch the `If-Match` header.
 * @returns 200 with `{"ticket": ...}`.
 * @throws AppError `forbidden_field`, `value_not_accepted`, `overtaken`, `illegal_status_transition`,
 *   `assignee_not_found`, `customer_not_found`, `version_conflict`, and as `changeTicket` does.
 */
export const updateTicket = (
  base: ActorContext,
  ref: string,
  input: UpdateTicketInput,
  ifMatch: string | undefined,
  record: IdempotencyRecord | null,
): Promise<Answer> =>
  changeTicket<References>(base, ref, record, {
    status: 200,
    answer: SELECT_CHANGED_TICKET,
    more(ctx) {
      const changes = lastChanges(input, idOfRef(ref));
      return ctx.env.DB.prepare(`SELECT (${ASSIGNEE}) AS assignee, (${CUSTOMER}) AS customer, ${changes.sql}`).bind(
        // Whoever starts work may be about to get the ticket.
        input.assigned_to === undefined ? ctx.actor.id : input.assigned_to,
        input.customer_id ?? null,
        ...changes.params,
      );
    },
    plan(ctx, ticket, named = { assignee: null, customer: null, moved: null, given: null }) {
      const sameVersion = boundTo(ifMatch, ticket);
      check(ctx, ticket, input, named);
      const change = planUpdate(ctx, ticket, input, named.assignee);
      return change && { ...change, guards: [...guardsOf(ticket, input, change), ...sameVersion] };
    },
  });

function check(ctx: ActorContext, ticket: Ticket, input: UpdateTicketInput, named: References): void {
  checkFields(ctx.actor, input, ticket);
  checkOvertaken(ticket, input, named);
  if (input.reported_at) checkReportedAt(input.reported_at, new Date(ticket.created_at));
  if (input.assigned_to && named.assignee === null) throw new AppError("assignee_not_found");
  if (input.customer_id && input.customer_id !== ticket.customer_id && named.customer === null) {
    throw new AppError("customer_not_found");
  }
}

/**
 * What must hold when the change is written. What merely stands in the timeline as the old value is read by the batch
 * itself, so that any number of people can edit one ticket at once.
 */
function guardsOf(ticket: Ticket, input: UpdateTicketInput, { set }: Change): Fragment[] {
  const still = (column: keyof Ticket): Fragment => ({ sql: `${column} IS ?`, params: [stored(ticket[column])] });
  const guards = [still("status"), still("assigned_to")];
  for (const field of PLAIN_FIELDS) {
    const value = input[field];
    // A field that changes must still differ from what is sent, one that does not must still be the same.
    if (value !== undefined)
      guards.push({ sql: `${field} IS ${field in set ? "NOT " : ""}?`, params: [stored(value)] });
  }
  if (set.status !== undefined) guards.push(still("acknowledged_at"), still("is_machine_down"));
  // The words are made from both texts: the one that is not sent must still be what was read.
  if (set.search_text !== undefined && input.title === undefined) guards.push(still("title"));
  if (set.search_text !== undefined && input.description === undefined) guards.push(still("description"));
  if (set.assigned_to) guards.push({ sql: `EXISTS (${ASSIGNEE})`, params: [set.assigned_to] });
  if (set.customer_id) guards.push({ sql: `EXISTS (${CUSTOMER})`, params: [set.customer_id] });
  return guards;
}
