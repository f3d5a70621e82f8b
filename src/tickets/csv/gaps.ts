import { groupKey } from "../counters.ts";
import type { ImportTicket } from "./line.ts";

/** How far a number may lie above the highest known of its machine type and month: the next ticket counts on from it. */
export const GAP_MAX = 1000;

/**
 * Separates the tickets whose number would leave a gap that looks like a typing error: every later number of that month
 * would follow it. The file's own numbers count as known, in whatever order they come.
 *
 * @param known where the counters of these tickets stand, by `groupKey`.
 */
export function partGaps(
  tickets: ImportTicket[],
  known: Map<string, number>,
): { tickets: ImportTicket[]; beyond: ImportTicket[] } {
  const highest = new Map(known);
  const beyond = new Set<ImportTicket>();
  for (const ticket of tickets.toSorted((a, b) => a.number - b.number)) {
    if (ticket.ticket_id === null || ticket.month === null) continue;
    const key = groupKey(ticket.code, ticket.month);
    const soFar = highest.get(key) ?? 0;
    if (ticket.number > soFar + GAP_MAX) beyond.add(ticket);
    else highest.set(key, Math.max(soFar, ticket.number));
  }
  return { tickets: tickets.filter((ticket) => !beyond.has(ticket)), beyond: [...beyond] };
}
