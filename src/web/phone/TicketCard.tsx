import { STATUSES } from "../../vocabulary/statuses.ts";
import type { Ticket } from "../api/types.ts";
import { LateMark, PriorityMark, StatusMark, Stopped } from "../ui/marks.tsx";
import { day, now } from "../words/format.ts";
import { words } from "../words/words.ts";

/** Since when it should be done, in words; null while there is time, or no date. */
export function lateness({ scheduled_date, status }: Pick<Ticket, "scheduled_date" | "status">): string | null {
  if (scheduled_date === null || !STATUSES[status].open) return null;
  const due = Date.parse(scheduled_date);
  return due < now.value ? words.value.late.since(day(due)) : null;
}

/** Whether the ticket says that its machine stands still at this moment. */
export const isStopped = ({ is_machine_down, status }: Pick<Ticket, "is_machine_down" | "status">): boolean =>
  is_machine_down && STATUSES[status].open;

/** A ticket in a list; pressed anywhere it opens. */
export function TicketCard({ ticket }: { ticket: Ticket }) {
  const late = lateness(ticket);
  const stopped = isStopped(ticket);
  return (
    <li class={stopped ? "card is-stopped" : "card"}>
      {stopped && <Stopped at={ticket.reported_at} />}
      <p class="card-head">
        <bdi>{ticket.machine_name}</bdi>
        <span class="number">{ticket.ticket_id}</span>
      </p>
      <h2 class="card-title" dir="auto">
        <a class="card-link" href={`/tickets/${ticket.ticket_id}`}>
          {ticket.title}
        </a>
      </h2>
      <div class="card-facts">
        <StatusMark status={ticket.status} />
        <PriorityMark priority={ticket.priority} />
        {late && <LateMark text={late} />}
      </div>
    </li>
  );
}

/** Tickets, one below the other. */
export function TicketCards({ tickets, label }: { tickets: Ticket[]; label: string }) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari takes a list without bullets for none.
    <ul class="cards" role="list" aria-label={label}>
      {tickets.map((ticket) => (
        <TicketCard key={ticket.id} ticket={ticket} />
      ))}
    </ul>
  );
}
