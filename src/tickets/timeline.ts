import { getTableColumns } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { jsonObjectText } from "../db/json.ts";
import { ticket_timeline } from "../db/schema.ts";
import { decodeCursor, encodeCursor, paginate } from "../http/cursor.ts";
import { idOfRef, parseTicket, selectTicket } from "./read.ts";
import {
  TIMELINE_SHOWN,
  type Ticket,
  type TicketWithTimeline,
  type TimelineEntry,
  type TimelineQuery,
} from "./schemas.ts";

/** A place in a timeline by the id of the entry beside it: before the first one there is the place after none. */
const After = z.tuple([z.int().nonnegative()]);
const Before = z.tuple([z.int().positive()]);

/** The ticket that `ref` names and at most `count` of its entries, in one trip. They come from the end named first. */
async function read(
  ctx: Context,
  ref: string,
  range: "id > ? ORDER BY id" | "id < ? ORDER BY id DESC",
  place: number,
  count: number,
) {
  const id = idOfRef(ref);
  const [ticket, entries] = await ctx.env.DB.batch<unknown>([
    selectTicket(ctx, ref),
    ctx.env.DB.prepare(
      `SELECT id, ticket_id, user_id, user_name, action, old_value, new_value, comment, created_at, occurred_at
       FROM ticket_timeline WHERE ticket_id = ${id.sql} AND ${range} LIMIT ?`,
    ).bind(...id.params, place, count),
  ]);
  return {
    ticket: parseTicket(ticket?.results[0] as { ticket: string } | undefined),
    entries: (entries?.results ?? []) as TimelineEntry[],
  };
}

/** The last entries before a place, in the order of the timeline, with the cursor to those before them. */
async function readBefore(ctx: Context, ref: string, place: number, count: number) {
  // One to spare tells whether there are more.
  const { ticket, entries } = await read(ctx, ref, "id < ? ORDER BY id DESC", place, count + 1);
  return { ticket, ...lastEntries(entries, count) };
}

/** @param entries newest first, one more than `count` where there are more. */
function lastEntries(entries: TimelineEntry[], count: number) {
  const page = entries.slice(0, count).reverse();
  return { page, earlier: entries.length > count && page[0] ? encodeCursor("ticket_timeline", [page[0].id]) : null };
}

/** A ticket with the newest entries of its timeline, oldest of them first, and the cursor to those before. */
function withTimeline(ticket: Ticket, { page, earlier }: ReturnType<typeof lastEntries>): TicketWithTimeline {
  return { ...ticket, timeline: page, timeline_before: earlier };
}

/**
 * One ticket with the newest entries of its timeline.
 *
 * @throws AppError `ticket_not_found`.
 */
export async function getTicket(ctx: Context, ref: string): Promise<TicketWithTimeline> {
  const { ticket, ...entries } = await readBefore(ctx, ref, Number.MAX_SAFE_INTEGER, TIMELINE_SHOWN);
  return withTimeline(ticket, entries);
}

const ENTRY = jsonObjectText(getTableColumns(ticket_timeline));

/**
 * SQL for the newest entries of the ticket whose id the SQL `id` gives, newest first, as JSON, for `withNewest`. Once it
 * stands in a query nothing but its own `ticket_timeline` may go by that name.
 */
export const newestEntries = (id: string): string => `(
  SELECT json_group_array(json(entry)) FROM (
    SELECT ${ENTRY} AS entry FROM ticket_timeline
    WHERE ticket_timeline.ticket_id = ${id} ORDER BY ticket_timeline.id DESC LIMIT ${TIMELINE_SHOWN + 1}))`;

/** The ticket as `getTicket` shows it, with what `newestEntries` gives. */
export const withNewest = (ticket: Ticket, entries: TimelineEntry[]): TicketWithTimeline =>
  withTimeline(ticket, lastEntries(entries, TIMELINE_SHOWN));

/**
 * A page of a ticket's timeline, oldest entry first: the first entries, those after `cursor`, or the last before
 * `before`.
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listTimeline(ctx: Context, ref: string, { limit, cursor, before }: TimelineQuery) {
  const end = decodeCursor("ticket_timeline", before, Before)?.[0];
  if (end !== undefined) {
    const { page, earlier } = await readBefore(ctx, ref, end, limit);
    return {
      timeline: page,
      next_cursor: encodeCursor("ticket_timeline", [page.at(-1)?.id ?? end - 1]),
      previous_cursor: earlier,
    };
  }
  const after = decodeCursor("ticket_timeline", cursor, After)?.[0];
  const { entries } = await read(ctx, ref, "id > ? ORDER BY id", after ?? 0, limit + 1);
  const { page, next_cursor } = paginate("ticket_timeline", entries, limit, (entry) => [entry.id]);
  return {
    timeline: page,
    next_cursor,
    previous_cursor: after ? encodeCursor("ticket_timeline", [page[0]?.id ?? after + 1]) : null,
  };
}
