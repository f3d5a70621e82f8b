import type { Ticket, TimelineEntry } from "../../tickets/schemas.ts";
import { STATUSES } from "../../vocabulary/statuses.ts";
import { isLocal, type OutboxItem, type TicketRef, ticketOf } from "./item.ts";

/** Something that was tapped and is not on the server yet, as it stands in a ticket's timeline. */
export interface PendingEntry {
  item: OutboxItem;
  /** The one that it waits for, beside its turn: refused or overtaken. */
  blocked: boolean;
}

/** A ticket as it is shown: as the server last told, with all that was tapped since. */
export interface ShownTicket
  extends Pick<
    Ticket,
    | "title"
    | "description"
    | "status"
    | "priority"
    | "machine_id"
    | "machine_name"
    | "is_machine_down"
    | "reported_at"
    | "reporter_name"
    | "assigned_to"
    | "assignee_name"
    | "acknowledged_at"
    | "acknowledged_by"
    | "completed_at"
    | "scheduled_date"
  > {
  /** The number, or the local name while there is none. */
  ref: TicketRef;
  /** Null while the report waits. */
  number: string | null;
  timeline: TimelineEntry[];
  pending: PendingEntry[];
}

/** The names that an overlay needs and items do not hold. */
export interface Names {
  me: { id: number; name: string };
  machine(id: number): string;
  person(id: number): string | null;
}

/** A ticket that is only on this phone. */
function ofReport(item: OutboxItem, names: Names): ShownTicket | null {
  const { wish } = item;
  if (wish.kind !== "report") return null;
  return {
    ref: wish.local,
    number: null,
    title: wish.title,
    description: wish.description,
    status: "received",
    priority: wish.priority,
    machine_id: wish.machine_id,
    machine_name: names.machine(wish.machine_id),
    is_machine_down: wish.is_machine_down,
    reported_at: item.occurred_at,
    reporter_name: names.me.name,
    assigned_to: null,
    assignee_name: null,
    acknowledged_at: null,
    acknowledged_by: null,
    completed_at: null,
    scheduled_date: null,
    timeline: [],
    pending: [],
  };
}

/** What a waiting item makes of a ticket: the same that the server will make of it. */
function applied(ticket: ShownTicket, { wish, occurred_at }: OutboxItem, { me, person }: Names): ShownTicket {
  const acknowledged =
    ticket.acknowledged_at === null ? { acknowledged_at: occurred_at, acknowledged_by: me.id } : undefined;
  switch (wish.kind) {
    case "acknowledge":
      return { ...ticket, ...acknowledged };
    case "take":
      return { ...ticket, assigned_to: wish.to, assignee_name: person(wish.to) };
    case "move": {
      const { starts, completedAt } = STATUSES[wish.to];
      return {
        ...ticket,
        status: wish.to,
        ...(completedAt !== "keep" && { completed_at: completedAt === "set" ? occurred_at : null }),
        ...(starts && acknowledged),
        ...(starts && ticket.assigned_to === null && { assigned_to: me.id, assignee_name: me.name }),
      };
    }
    default:
      return ticket;
  }
}

/**
 * A ticket as it is shown.
 *
 * @param ticket as the server last told it; null: its report is still on this phone.
 * @param items of the outbox, those of other tickets among them.
 * @returns null when neither is there.
 */
export function overlay(
  ref: TicketRef,
  ticket: (Ticket & { timeline?: TimelineEntry[] }) | null,
  items: readonly OutboxItem[],
  names: Names,
  blocked: (item: OutboxItem) => boolean,
): ShownTicket | null {
  const own = items.filter(({ wish }) => ticketOf(wish) === ref).sort((a, b) => a.seq - b.seq);
  const [report] = own.filter(({ wish }) => wish.kind === "report");
  const base = ticket
    ? { ...ticket, ref: ticket.ticket_id, number: ticket.ticket_id, timeline: ticket.timeline ?? [], pending: [] }
    : report && ofReport(report, names);
  if (!base) return null;
  const shown = own
    .filter((item) => item.state === "waiting" && !blocked(item))
    .reduce((sofar, item) => applied(sofar, item, names), base);
  return { ...shown, pending: own.map((item) => ({ item, blocked: blocked(item) })) };
}

/** The tickets that are only on this phone, newest tap first. */
export const localTickets = (items: readonly OutboxItem[]): TicketRef[] =>
  items
    .filter(({ wish }) => wish.kind === "report" && isLocal(wish.local))
    .sort((a, b) => b.seq - a.seq)
    .map(({ wish }) => ticketOf(wish));
