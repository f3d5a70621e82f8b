import { notAccepted } from "../problem.ts";
import type { World } from "../world.ts";
import type { Ticket } from "./schemas.ts";

const DAY_MS = 24 * 60 * 60_000;
const PAST_MS = 30 * DAY_MS;
const AHEAD_MS = 5 * 60_000;

/**
 * Checks the instant at which somebody says they wrote a ticket (contract section 4).
 *
 * @param created when the ticket was, or is being, created.
 * @throws AppError `value_not_accepted`.
 */
export function checkReportedAt(reportedAt: string, created: Date): void {
  const age = created.getTime() - Date.parse(reportedAt);
  if (age <= PAST_MS && age >= -AHEAD_MS) return;
  throw notAccepted("reported_at", "must lie between 30 days ago and 5 minutes ahead");
}

/** When something was done to a ticket: for its timeline, where null is when it arrives; and for the ticket's columns. */
export interface Occurrence {
  occurred_at: string | null;
  at: string;
}

/**
 * When something was done to a ticket, as whoever did it says (contract section 4): never after now, and in the ticket's
 * columns never before the ticket itself arrived, so that nothing has lasted less than no time.
 *
 * @param occurredAt by our clock; absent: now.
 * @throws AppError `value_not_accepted`.
 */
export function occurrence(
  ctx: World,
  ticket: Pick<Ticket, "created_at">,
  occurredAt: string | null | undefined,
): Occurrence {
  const now = ctx.now().toISOString();
  if (!occurredAt || occurredAt >= now) return { occurred_at: null, at: now };
  if (Date.parse(now) - Date.parse(occurredAt) > PAST_MS) {
    throw notAccepted("occurred_at", "must lie at most 30 days ago");
  }
  return { occurred_at: occurredAt, at: occurredAt > ticket.created_at ? occurredAt : ticket.created_at };
}
