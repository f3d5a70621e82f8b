import type { Words } from "./locales.ts";
/** Every priority of a ticket, from the least to the most urgent; its place is `tickets.priority_rank`. */
export const PRIORITIES = {
  low: { words: { en: "Low", fr: "Basse" } },
  medium: { words: { en: "Medium", fr: "Moyenne" } },
  high: { words: { en: "High", fr: "Haute" } },
  critical: { words: { en: "Critical", fr: "Critique" } },
} as const satisfies Record<string, { words: Words }>;

export type TicketPriority = keyof typeof PRIORITIES;
export const TICKET_PRIORITIES = Object.keys(PRIORITIES) as [TicketPriority, ...TicketPriority[]];
