import { notAccepted } from "../problem.ts";

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
