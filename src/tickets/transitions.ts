import { AppError } from "../problem.ts";
import type { TicketStatus } from "./schemas.ts";

/** What a ticket may become from each status (contract section 4). */
export const TRANSITIONS: Record<TicketStatus, readonly TicketStatus[]> = {
  received: ["diagnostic", "in_progress", "cancelled"],
  diagnostic: ["in_progress", "waiting_parts", "completed", "cancelled"],
  in_progress: ["waiting_parts", "completed", "cancelled"],
  waiting_parts: ["in_progress", "completed", "cancelled"],
  completed: ["archived", "in_progress"],
  cancelled: ["received", "archived"],
  archived: [],
};

/** Statuses in which there is something left to do. */
export const OPEN_STATUSES: readonly TicketStatus[] = ["received", "diagnostic", "in_progress", "waiting_parts"];

/** Moving into one of these is starting work: it assigns an unassigned ticket and acknowledges it. */
export const WORKING_STATUSES: readonly TicketStatus[] = ["diagnostic", "in_progress"];

/**
 * Refuses a move that the state machine does not have, a move to the same status included: whoever comes second
 * learns who was first.
 *
 * @throws AppError `illegal_status_transition` with `allowed`, `current_status` and `assigned_to`.
 */
export function checkTransition(current: { status: TicketStatus; assigned_to: number | null }, to: TicketStatus): void {
  const allowed = TRANSITIONS[current.status];
  if (allowed.includes(to)) return;
  throw new AppError("illegal_status_transition", {
    params: { from: current.status, to },
    members: { allowed: [...allowed], current_status: current.status, assigned_to: current.assigned_to },
  });
}
