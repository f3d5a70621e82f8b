import type { Fragment } from "../db/fragment.ts";
import { AppError, type ProblemMembers } from "../problem.ts";
import type { Ticket, UpdateTicketInput } from "./schemas.ts";

/** How a ticket stands, for whoever is refused because somebody else was quicker. */
export const currentOf = ({ status, assigned_to, assignee_name, version }: Ticket): ProblemMembers["current"] => ({
  status,
  assigned_to,
  assignee_name,
  version,
});

/** Who gave a ticket the status that it has, and who gave it to whom it is: JSON text of `{by, at}`. */
export interface LastChanges {
  moved: string | null;
  given: string | null;
}

const last = (ticketId: string, action: "status_changed" | "assigned"): string => `
  (SELECT json_object('by', e.user_name, 'at', COALESCE(e.occurred_at, e.created_at))
   FROM ticket_timeline e WHERE e.ticket_id = ${ticketId} AND e.action IN ('created', '${action}')
   ORDER BY e.id DESC LIMIT 1)`;

/** SQL of the columns of `LastChanges`; nothing is read where the input does not ask what it was. */
export function lastChanges(input: UpdateTicketInput, id: Fragment): Fragment {
  const moved = input.from_status !== undefined;
  const given = input.from_assigned_to !== undefined;
  return {
    sql: `${moved ? last(id.sql, "status_changed") : "NULL"} AS moved, ${given ? last(id.sql, "assigned") : "NULL"} AS given`,
    params: [...(moved ? id.params : []), ...(given ? id.params : [])],
  };
}

/**
 * Refuses a change that was decided when the ticket stood otherwise. Who is to have it already has it: that is as wished.
 *
 * @param changes of the same trip as `ticket`.
 * @throws AppError `overtaken` with `current`, `by` and `at`.
 */
export function checkOvertaken(ticket: Ticket, input: UpdateTicketInput, changes: LastChanges): void {
  const { from_status, from_assigned_to, assigned_to } = input;
  const isMoved = from_status !== undefined && from_status !== ticket.status;
  const isGiven = from_assigned_to !== undefined && ![from_assigned_to, assigned_to].includes(ticket.assigned_to);
  if (!isMoved && !isGiven) return;
  const { by = null, at = null } = JSON.parse((isMoved ? changes.moved : changes.given) ?? "{}") as ProblemMembers;
  throw new AppError("overtaken", { members: { current: currentOf(ticket), by, at } });
}
