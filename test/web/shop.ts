import { STATUSES, type TicketStatus } from "../../src/vocabulary/statuses.ts";
import type { OutboxItem, Refusal } from "../../src/web/outbox/item.ts";
import type { Reply } from "../../src/web/outbox/send.ts";
import type { TicketDocument } from "../../src/web/store/open.ts";

/** Whose phone it is. */
export const ME = { id: 1, name: "Tara" };

const TEMPLATE: TicketDocument = {
  id: 0,
  ticket_id: "",
  title: "",
  description: null,
  status: "received",
  priority: "medium",
  machine_id: 1,
  machine_type: "CNC",
  machine_name: "Haas VF-2",
  customer_id: null,
  reported_by: 1,
  reporter_name: "Tara",
  assigned_to: null,
  assignee_name: null,
  is_machine_down: false,
  scheduled_date: null,
  reported_at: "2026-11-02T08:00:00.000Z",
  acknowledged_at: null,
  acknowledged_by: null,
  completed_at: null,
  created_at: "2026-11-02T08:00:00.000Z",
  updated_at: "2026-11-02T08:00:00.000Z",
  version: 1,
  timeline: [],
  timeline_before: null,
};

/** What one ticket has been through, in order. */
interface History {
  ticket: TicketDocument;
  comments: string[];
  photos: string[];
  /** Statuses that it was moved to by the phone. */
  moves: TicketStatus[];
}

const answer = (status: number, document: unknown): Reply => ({
  status,
  requestId: "a-request",
  retryAfterMs: null,
  refusal: null,
  document,
});

/** A server that does what the contract says of a key, of `from_status` and of texts, as far as an outbox can tell. */
export class Shop {
  readonly tickets: History[] = [];
  readonly #answers = new Map<string, { body: string | null; reply: Reply }>();
  signedIn = true;
  nextId = 1;

  /** The ticket with this number. */
  of(number: string): History {
    const found = this.tickets.find(({ ticket }) => ticket.ticket_id === number);
    if (!found) throw new Error(`no ticket ${number}`);
    return found;
  }

  /** Somebody else moves a ticket. */
  moveAway(index: number, choice: number): void {
    const history = this.tickets[index % Math.max(this.tickets.length, 1)];
    const next = history && STATUSES[history.ticket.status].next;
    const to = next?.[choice % next.length];
    if (history && to) this.#set(history, { status: to });
  }

  /** Carries out a request, or gives the answer that its key already has. */
  handle(item: OutboxItem): Reply {
    if (!this.signedIn) return this.#refuse(401, "unauthorized", null);
    const known = this.#answers.get(item.key);
    if (known) return known.body === item.body ? known.reply : this.#refuse(422, "idempotency_key_reused", null);
    const reply = this.#carryOut(item);
    if (reply.status < 300) this.#answers.set(item.key, { body: item.body, reply });
    return reply;
  }

  #set(history: History, values: Partial<TicketDocument>): void {
    history.ticket = { ...history.ticket, ...values, version: history.ticket.version + 1 };
  }

  #refuse(status: number, code: string, history: History | null): Reply {
    const refusal: Refusal = { status, code, detail: code, errors: [], current: history && { ...history.ticket } };
    return { ...answer(status, null), refusal };
  }

  #carryOut({ wish, body }: OutboxItem): Reply {
    const input = body === null ? {} : (JSON.parse(body) as Record<string, string>);
    if (wish.kind === "report") {
      if (input.title?.includes("bad")) return this.#refuse(422, "value_not_accepted", null);
      const id = this.nextId++;
      const ticket = {
        ...TEMPLATE,
        id,
        ticket_id: `CNC-1126-${String(id).padStart(4, "0")}`,
        title: input.title ?? "",
      };
      this.tickets.push({ ticket, comments: [], photos: [], moves: [] });
      return answer(201, { ticket: { ...ticket, timeline: undefined } });
    }
    const history = this.of(wish.ticket);
    const changed = () => answer(200, { ticket: { ...history.ticket, timeline: undefined } });
    switch (wish.kind) {
      case "comment":
        if (wish.text.includes("bad")) return this.#refuse(422, "value_not_accepted", null);
        history.comments.push(wish.text);
        this.#set(history, {});
        return answer(201, { comment: { id: this.nextId++, ticket_id: history.ticket.id, comment: wish.text } });
      case "photo":
        history.photos.push(wish.photo);
        return answer(201, { attachment: { id: this.nextId++ } });
      case "acknowledge":
        return changed();
      case "take":
        if (history.ticket.assigned_to !== wish.from) return this.#refuse(409, "overtaken", history);
        this.#set(history, { assigned_to: wish.to });
        return changed();
      case "move":
        if (history.ticket.status !== wish.from) return this.#refuse(409, "overtaken", history);
        history.moves.push(wish.to);
        if (wish.comment !== null) history.comments.push(wish.comment);
        this.#set(history, {
          status: wish.to,
          // Starting work on a ticket that nobody has takes it.
          ...(STATUSES[wish.to].starts &&
            history.ticket.assigned_to === null && { assigned_to: ME.id, assignee_name: ME.name }),
        });
        return changed();
    }
  }
}
