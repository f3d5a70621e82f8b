import { AppError } from "../problem.ts";
import { STATUSES, type TicketStatus } from "../vocabulary/statuses.ts";

/**
 * Refuses a move that the state machine does not have, a move to the same status included: whoever comes second
 * learns who was first.
 *
 * @throws AppError `illegal_status_transition` with `allowed`, `current_status` and `assigned_to`.
 */
export function checkTransition(current: { status: TicketStatus; assigned_to: number | null }, to: TicketStatus): void {
  const allowed = STATUSES[current.status].next;
  if (allowed.includes(to)) return;
  throw new AppError("illegal_status_transition", {
    params: { from: current.status, to },
    members: { allowed: [...allowed], current_status: current.status, assigned_to: current.assigned_to },
  });
}
