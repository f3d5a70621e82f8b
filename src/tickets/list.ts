import { z } from "zod";
import type { ActorContext } from "../context.ts";
import { type BoundedPage, type BoundedRow, pageOf, selectPage } from "../db/bounded-page.ts";
import { decodeCursor, encodeCursor } from "../http/cursor.ts";
import { AppError, type ProblemCode } from "../problem.ts";
import { access } from "./access.ts";
import { filtersOf, type ListQuery } from "./filters.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import { type Search, search } from "./search.ts";
import { SORTS, type Sort } from "./sorts.ts";

/** A page as JSON texts of tickets, straight from the database. */
export interface TicketPage {
  tickets: string[];
  next_cursor: string | null;
}

/** One page of a list, for `boundedPage`. */
export function ticketPage(
  ctx: ActorContext,
  query: ListQuery,
  sort: Sort,
  after: (string | number)[] | null,
  found: Search | null,
): BoundedPage {
  const { key, direction } = SORTS[sort];
  return {
    id: "t.id",
    key,
    direction,
    ...access(filtersOf(ctx, query), query, sort, found),
    after,
    limit: query.limit,
    document: "d.ticket",
    join: `(${TICKET_DOCUMENTS}) AS d ON d.id = p.id`,
  };
}

/** Whose tickets a list shows: a statement that finds a row where they exist, and what it means that it does not. */
interface Owner {
  exists: D1PreparedStatement;
  missing: ProblemCode;
}

/** Reads pages of one list, each from a cursor on: what is searched for is looked up once for all of them. */
async function pagesOf(ctx: ActorContext, query: ListQuery, { owner, lookedAt }: { owner?: Owner; lookedAt?: number }) {
  const { DB } = ctx.env;
  const sort = query.sort ?? "-created_at";
  const schema = z.tuple([z.literal(sort), SORTS[sort].cursor]);
  const placeOf = (cursor: string | undefined) => decodeCursor("tickets", cursor, schema)?.[1] ?? null;
  placeOf(query.cursor);
  const found = query.q === undefined ? null : await search(ctx, query.q);
  return async (cursor: string | undefined): Promise<TicketPage> => {
    if (query.q !== undefined && found === null) return { tickets: [], next_cursor: null };
    const list = { ...ticketPage(ctx, query, sort, placeOf(cursor), found), lookedAt };
    const statements = [selectPage(DB, list), ...(owner ? [owner.exists] : [])];
    const [rows, known] = await DB.batch<BoundedRow>(statements);
    if (owner && !known?.results.length) throw new AppError(owner.missing);
    const { documents, place } = pageOf(list, rows?.results ?? []);
    return { tickets: documents, next_cursor: place && encodeCursor("tickets", [sort, place]) };
  };
}

/**
 * A page of tickets (contract section 1: it may hold fewer than asked for, and yet have a next one).
 *
 * @param owner looked for in the same trip.
 * @returns tickets as JSON text and the cursor of the next page, which fits this order only.
 * @throws AppError `invalid_cursor`, and what it means that the owner is missing.
 */
export async function listTickets(ctx: ActorContext, query: ListQuery, owner?: Owner): Promise<TicketPage> {
  const pageAt = await pagesOf(ctx, query, { ...(owner && { owner }) });
  return pageAt(query.cursor);
}

/**
 * The pages of a list, newest ticket first, each by the cursor of the one before. What happens meanwhile moves no ticket
 * from page to page.
 *
 * @param size tickets of a page.
 * @param lookedAt tickets that may be looked at for one.
 */
export const ticketPages = (
  ctx: ActorContext,
  query: Omit<ListQuery, "sort" | "limit" | "cursor">,
  size: number,
  lookedAt: number,
) => pagesOf(ctx, { ...query, limit: size }, { lookedAt });

/** The page as the body of an answer. */
export const pageBody = (page: TicketPage): string =>
  `{"tickets":[${page.tickets.join(",")}],"next_cursor":${JSON.stringify(page.next_cursor)}}`;
