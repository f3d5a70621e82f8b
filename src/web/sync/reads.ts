import { effect } from "@preact/signals";
import { OPEN_STATUSES } from "../../vocabulary/statuses.ts";
import { request } from "../api/request.ts";
import type { Attachment, Ticket, TicketWithTimeline } from "../api/types.ts";
import { user } from "../device/session.ts";
import { type Source, sourceOf } from "./source.ts";

const PAGE = 100;

const sources = new Map<string, Source<unknown>>();

/** One source for one thing, as long as the same person is signed in. */
function one<Value>(name: string, read: () => Promise<Value>): Source<Value> {
  const known = sources.get(name) as Source<Value> | undefined;
  if (known) return known;
  const source = sourceOf(read);
  sources.set(name, source as Source<unknown>);
  return source;
}

let whose = user.peek()?.id;
effect(() => {
  if (whose !== user.value?.id) sources.clear();
  whose = user.value?.id;
});

/** A list, and whether there is more of it than is here. */
export interface TicketList {
  tickets: Ticket[];
  more: boolean;
}

const list = ({ tickets, next_cursor }: { tickets: Ticket[]; next_cursor: string | null }): TicketList => ({
  tickets,
  more: next_cursor !== null,
});

/** My open tickets: a stopped machine first, then the most urgent, then the oldest. */
export const myQueue = (): Source<TicketList> =>
  one("queue", async () => list(await request("GET /api/me/queue", { query: { limit: PAGE } })));

/** Open tickets that nobody has, the most urgent first. */
export const unassigned = (): Source<TicketList> =>
  one("unassigned", async () => {
    const query = { assigned_to: "none", status: OPEN_STATUSES.join(","), sort: "priority", limit: PAGE };
    return list(await request("GET /api/tickets", { query }));
  });

/** What I have reported, the newest first. */
export const myReports = (): Source<TicketList> =>
  one("reports", async () =>
    list(await request("GET /api/tickets", { query: { reported_by: user.peek()?.id, limit: PAGE } })),
  );

/** One ticket with its history. */
export const ticket = (ref: string): Source<TicketWithTimeline> =>
  one(`ticket ${ref}`, async () => (await request("GET /api/tickets/{ref}", { params: { ref } })).ticket);

/** What is attached to a ticket, oldest first. */
export const attachments = (ref: string): Source<Attachment[]> =>
  one(
    `attachments ${ref}`,
    async () =>
      (await request("GET /api/tickets/{ref}/attachments", { params: { ref }, query: { limit: PAGE } })).attachments,
  );
