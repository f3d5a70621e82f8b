import type { ActorContext } from "../../context.ts";
import { counterGroups, groupKey, previewCounters } from "../counters.ts";
import type { ImportTicket } from "./line.ts";

/** How far a number may lie above the highest known of its machine type and month: the next ticket counts on from it. */
export const GAP_MAX = 1000;

/**
 * Separates the tickets whose number would leave a gap that looks like a typing error: every later number of that month
 * would follow it. The file's own numbers count as known, in whatever order they come.
 */
export async function partGaps(
  ctx: ActorContext,
  tickets: ImportTicket[],
): Promise<{ tickets: ImportTicket[]; beyond: ImportTicket[] }> {
  const groups = counterGroups(tickets).map((group) => ({ ...group, highest: 0 }));
  const highest = await previewCounters(ctx, groups);
  const beyond = new Set<ImportTicket>();
  for (const ticket of tickets.toSorted((a, b) => a.number - b.number)) {
    if (ticket.ticket_id === null || ticket.month === null) continue;
    const key = groupKey(ticket.code, ticket.month);
    const known = highest.get(key) ?? 0;
    if (ticket.number > known + GAP_MAX) beyond.add(ticket);
    else highest.set(key, Math.max(known, ticket.number));
  }
  return { tickets: tickets.filter((ticket) => !beyond.has(ticket)), beyond: [...beyond] };
}
