import type { CustomerNews } from "./events.ts";
import type { Words } from "./locales.ts";

interface StatusEntry {
  /** Whether something is left to do. `tickets.is_open` in the database says the same. */
  open: boolean;
  /** Moving here is starting work: it assigns a ticket that nobody has, and acknowledges it. */
  starts?: true;
  /** What moving here does to `completed_at`. */
  completedAt: "set" | "keep" | "clear";
  /** What a ticket may become from here, in the order that an answer names it. */
  next: readonly string[];
  /** What it is for the customer; without it, the status concerns the shop only. */
  news?: CustomerNews;
  words: Words;
}

/** Every status of a ticket (contract section 4), in the order of a ticket's life. */
const TABLE = {
  received: {
    open: true,
    completedAt: "clear",
    next: ["diagnostic", "in_progress", "cancelled"],
    news: "received",
    words: { en: "Received", fr: "Reçu" },
  },
  diagnostic: {
    open: true,
    starts: true,
    completedAt: "clear",
    next: ["in_progress", "waiting_parts", "completed", "cancelled"],
    words: { en: "Diagnosis", fr: "Diagnostic" },
  },
  in_progress: {
    open: true,
    starts: true,
    completedAt: "clear",
    next: ["waiting_parts", "completed", "cancelled"],
    news: "started",
    words: { en: "In progress", fr: "En cours" },
  },
  waiting_parts: {
    open: true,
    completedAt: "clear",
    next: ["in_progress", "completed", "cancelled"],
    news: "waiting_parts",
    words: { en: "Waiting for parts", fr: "En attente de pièces" },
  },
  completed: {
    open: false,
    completedAt: "set",
    next: ["archived", "in_progress"],
    news: "completed",
    words: { en: "Completed", fr: "Terminé" },
  },
  cancelled: {
    open: false,
    completedAt: "clear",
    next: ["received", "archived"],
    words: { en: "Cancelled", fr: "Annulé" },
  },
  archived: {
    open: false,
    completedAt: "keep",
    next: [],
    words: { en: "Archived", fr: "Archivé" },
  },
} as const satisfies Record<string, StatusEntry>;

export type TicketStatus = keyof typeof TABLE;
type Entry = Omit<StatusEntry, "next"> & { next: readonly TicketStatus[] };

/** What there is to know of each status; a `next` that is none does not compile. */
export const STATUSES: Record<TicketStatus, Entry> = TABLE;
export const TICKET_STATUSES = Object.keys(TABLE) as [TicketStatus, ...TicketStatus[]];
export const OPEN_STATUSES = TICKET_STATUSES.filter((status) => STATUSES[status].open);
