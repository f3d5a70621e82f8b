import type { ComponentChildren } from "preact";
import type { TicketWithTimeline } from "../api/types.ts";
import { Page } from "../app/Page.tsx";
import type { PageProps } from "../app/props.ts";
import { ticket as ticketSource } from "../sync/reads.ts";
import { useSource } from "../sync/source.ts";
import { LateMark, PriorityMark, StatusMark, Stopped } from "../ui/marks.tsx";
import { EmptyState } from "../ui/parts.tsx";
import { moment } from "../words/format.ts";
import { words } from "../words/words.ts";
import { Attachments } from "./Attachments.tsx";
import { isStopped, lateness } from "./TicketCard.tsx";
import { Timeline } from "./Timeline.tsx";
import { Unknown } from "./Unknown.tsx";

/** One ticket: what is wrong, whose it is, and what has happened. */
export default function Ticket({ params }: PageProps) {
  const ref = (params.ref ?? "").toUpperCase();
  const source = ticketSource(ref);
  const { value, at, refusal } = useSource(source);
  const gone = refusal?.status === 404;
  return (
    <Page title={value?.ticket_id ?? ref} isNumber back="/" asOf={at}>
      {gone && <Missing />}
      {!gone && value === null && <Unknown source={source} />}
      {!gone && value && <Facts ticket={value} />}
      {!gone && value && <Attachments number={value.ticket_id} />}
      {!gone && value && <Timeline entries={value.timeline} earlier={value.timeline_before !== null} />}
    </Page>
  );
}

function Missing() {
  const w = words.value.ticket;
  return (
    <EmptyState icon="search">
      <p>{w.missing}</p>
      <p>{w.missingHint}</p>
    </EmptyState>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ ticket }: { ticket: TicketWithTimeline }) {
  const w = words.value.ticket;
  const stopped = isStopped(ticket);
  const late = lateness(ticket);
  return (
    <section class={stopped ? "card ticket is-stopped" : "card ticket"}>
      {stopped && <Stopped at={ticket.reported_at} />}
      <h2 class="ticket-title" dir="auto">
        {ticket.title}
      </h2>
      <div class="card-facts ticket-marks">
        <StatusMark status={ticket.status} />
        <PriorityMark priority={ticket.priority} />
        {late && <LateMark text={late} />}
      </div>
      {ticket.description && (
        <p class="said" dir="auto">
          {ticket.description}
        </p>
      )}
      <dl class="facts">
        <Fact name={w.machine}>
          <a href={`/machines/${ticket.machine_id}`}>
            <bdi>{ticket.machine_name}</bdi>
          </a>
        </Fact>
        <Fact name={w.for}>{ticket.assignee_name ? <bdi>{ticket.assignee_name}</bdi> : w.nobody}</Fact>
        <Fact name={w.by}>
          <bdi>{ticket.reporter_name}</bdi>, {moment(ticket.reported_at)}
        </Fact>
        {ticket.acknowledged_at && <Fact name={w.seen}>{moment(ticket.acknowledged_at)}</Fact>}
        {ticket.scheduled_date && <Fact name={w.due}>{moment(ticket.scheduled_date)}</Fact>}
        {ticket.completed_at && <Fact name={w.finished}>{moment(ticket.completed_at)}</Fact>}
      </dl>
    </section>
  );
}
