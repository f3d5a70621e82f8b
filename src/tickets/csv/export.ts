import Papa from "papaparse";
import { localDate } from "../../time/days.ts";
import { Ticket } from "../schemas.ts";
import { guarded } from "./text.ts";

/** Tickets that one page of an export holds: 100,000 tickets are 286 queries, and memory never sees more. */
export const EXPORT_PAGE = 350;
/** Tickets that are looked at for one page. */
export const EXPORT_LOOKED_AT = 900;

/** One page of the list that is exported, from the cursor that the page before gave. */
export type FetchPage = (cursor: string | undefined) => Promise<{ tickets: Ticket[]; next_cursor: string | null }>;

const COLUMNS = Object.keys(Ticket.shape) as (keyof Ticket)[];
/** Without it Excel takes UTF-8 for the system's own encoding. */
const BYTE_ORDER_MARK = "\uFEFF";
const NEWLINE = "\r\n";

const HEADER = COLUMNS.join(",") + NEWLINE;

const cell = (value: Ticket[keyof Ticket]) => (typeof value === "string" ? guarded(value) : value);

function lines(tickets: Ticket[]): string {
  if (tickets.length === 0) return "";
  const data = tickets.map((ticket) => COLUMNS.map((column) => cell(ticket[column])));
  return Papa.unparse(data, { newline: NEWLINE }) + NEWLINE;
}

/**
 * A list of tickets as CSV (RFC 4180, UTF-8 with a byte order mark), page by page as the client reads.
 *
 * The first page is fetched before there is a stream, so that a refused filter or cursor is still a problem document;
 * a later failure breaks the transfer off, which a client can tell from a whole file.
 *
 * @throws whatever `fetchPage` throws for the first page.
 */
export async function exportTickets(fetchPage: FetchPage): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  let page = await fetchPage(undefined);
  let first = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!first) page = await fetchPage(page.next_cursor ?? undefined);
        // Whoever has asked for more is not asked again after a page that holds nothing.
        while (!first && page.tickets.length === 0 && page.next_cursor !== null)
          page = await fetchPage(page.next_cursor);
        const text = (first ? BYTE_ORDER_MARK + HEADER : "") + lines(page.tickets);
        first = false;
        if (text !== "") controller.enqueue(encoder.encode(text));
        if (page.next_cursor === null) controller.close();
      },
    },
    // Nothing is fetched ahead of the reader.
    { highWaterMark: 0 },
  );
}

/** The file name of an export: the shop's own date. */
export const exportFileName = (now: Date, timeZone: string): string => `tickets-${localDate(now, timeZone)}.csv`;
