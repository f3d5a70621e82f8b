import type { TicketPriority } from "../../vocabulary/priorities.ts";
import type { TicketStatus } from "../../vocabulary/statuses.ts";

/** A ticket as an item names it: by its number, or by the id that its report got on this phone. */
export type TicketRef = string;

const LOCAL = "local:";

/** The name of a ticket that has no number yet. @param id of its report: a UUID. */
export const localRef = (id: string): TicketRef => `${LOCAL}${id}`;
/** Whether the ticket behind it has no number yet. */
export const isLocal = (ref: TicketRef): boolean => ref.startsWith(LOCAL);

/** What somebody wants done, as they saw things when they tapped. */
export type Wish =
  | {
      kind: "report";
      /** Names the ticket until it has a number; stays when the report is mended. */
      local: TicketRef;
      machine_id: number;
      title: string;
      description: string | null;
      is_machine_down: boolean;
      priority: TicketPriority;
    }
  | { kind: "comment"; ticket: TicketRef; text: string }
  /** `photo` names a picture in the store of photos. */
  | { kind: "photo"; ticket: TicketRef; photo: string }
  | { kind: "acknowledge"; ticket: TicketRef }
  | { kind: "move"; ticket: TicketRef; from: TicketStatus; to: TicketStatus; comment: string | null }
  | { kind: "take"; ticket: TicketRef; from: number | null; to: number };

export type WishKind = Wish["kind"];

/** What the server said against an item (RFC 9457), as far as it is shown. */
export interface Refusal {
  status: number;
  code: string;
  /** A sentence in the language of whoever tapped. */
  detail: string;
  errors: { path: string; message: string }[];
  /** How the ticket stands, where somebody else was quicker. */
  current: { status: TicketStatus; assigned_to: number | null; assignee_name: string | null } | null;
}

/**
 * Where an item stands. There is no state for being sent: a sender that dies leaves it waiting, and its key makes the
 * second try harmless.
 */
export type ItemState =
  | { state: "waiting" }
  /** Not accepted; kept to be mended, copied or thrown away. */
  | { state: "refused"; refusal: Refusal }
  /** Somebody else was quicker; a choice is open. */
  | { state: "overtaken"; refusal: Refusal };

/** One thing to send, once. */
export type OutboxItem = ItemState & {
  /** Rises with every tap. */
  seq: number;
  /** `Idempotency-Key`: a UUID made at the tap, the same for every try. */
  key: string;
  wish: Wish;
  /** The JSON body as text, frozen at the tap: each try is the same byte for byte. Null: a photo, or no body. */
  body: string | null;
  /** When it was tapped, by the phone's clock. RFC 3339. */
  occurred_at: string;
  /** Tries that came back without an outcome. */
  attempts: number;
  /** Not to be tried before, in ms since the epoch. */
  next_at: number;
};

/** The ticket that an item is about. */
export const ticketOf = (wish: Wish): TicketRef => (wish.kind === "report" ? wish.local : wish.ticket);

/** The same wish for the ticket that has got its number. */
export function withNumber(wish: Wish, local: TicketRef, number: TicketRef): Wish {
  return wish.kind !== "report" && wish.ticket === local ? { ...wish, ticket: number } : wish;
}

/** The JSON body of a wish. @param occurredAt when it was tapped, RFC 3339. @returns null where there is none. */
export function bodyOf(wish: Wish, occurredAt: string): string | null {
  switch (wish.kind) {
    case "report": {
      const { machine_id, title, description, is_machine_down, priority } = wish;
      return JSON.stringify({ machine_id, title, description, is_machine_down, priority, reported_at: occurredAt });
    }
    case "comment":
      return JSON.stringify({ body: wish.text, occurred_at: occurredAt });
    case "acknowledge":
      return JSON.stringify({ occurred_at: occurredAt });
    case "move": {
      const comment = wish.comment === null ? {} : { comment: wish.comment };
      return JSON.stringify({ status: wish.to, from_status: wish.from, ...comment, occurred_at: occurredAt });
    }
    case "take":
      return JSON.stringify({ assigned_to: wish.to, from_assigned_to: wish.from, occurred_at: occurredAt });
    case "photo":
      return null;
  }
}

/** Method and path of a wish whose ticket has its number. */
export function requestOf(wish: Wish): { method: "POST" | "PATCH"; path: string } {
  const ticket = `/api/tickets/${encodeURIComponent(ticketOf(wish))}`;
  switch (wish.kind) {
    case "report":
      return { method: "POST", path: "/api/tickets" };
    case "comment":
      return { method: "POST", path: `${ticket}/comments` };
    case "photo":
      return { method: "POST", path: `${ticket}/attachments` };
    case "acknowledge":
      return { method: "POST", path: `${ticket}/acknowledge` };
    case "move":
    case "take":
      return { method: "PATCH", path: ticket };
  }
}
