import { z } from "zod";
import type { ActorContext } from "../context.ts";
import { decodeCursor, encodeCursor } from "../http/cursor.ts";
import { AppError, type ProblemCode } from "../problem.ts";
import { OPEN_STATUSES, type TicketStatus } from "../vocabulary/statuses.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import type { TicketListQuery } from "./schemas.ts";
import { type Search, search } from "./search.ts";
import { SORTS, type Sort } from "./sorts.ts";

type Param = string | number;

/** A list to be read: filters, order, page. */
export type ListQuery = Partial<Omit<TicketListQuery, "sort" | "limit">> & { sort?: Sort; limit: number };

interface Conditions {
  sql: string[];
  params: Param[];
}

/** A page as JSON texts of tickets, straight from the database. */
export interface TicketPage {
  tickets: string[];
  next_cursor: string | null;
}

const placeholders = (values: unknown[]) => values.map(() => "?").join(", ");

function conditions(ctx: ActorContext, query: Partial<ListQuery>): Conditions {
  const sql = ["t.deleted_at IS NULL"];
  const params: Param[] = [];
  const add = (condition: string, ...values: Param[]) => {
    sql.push(condition);
    params.push(...values);
  };
  if (query.priority) add(`t.priority IN (${placeholders(query.priority)})`, ...query.priority);
  if (query.machine_id) add("t.machine_id = ?", query.machine_id);
  if (query.machine_type) {
    add("t.machine_type_id = (SELECT id FROM machine_types WHERE code = ?)", query.machine_type);
  }
  if (query.assigned_to === "none") add("t.assigned_to IS NULL");
  else if (query.assigned_to) add("t.assigned_to = ?", query.assigned_to === "me" ? ctx.actor.id : query.assigned_to);
  if (query.reported_by) add("t.reported_by = ?", query.reported_by);
  if (query.customer_id) add("t.customer_id = ?", query.customer_id);
  if (query.updated_after) add("t.updated_at > ?", query.updated_after);
  return { sql, params };
}

interface Access {
  index: string;
  /** One ordered scan per status, merged; undefined: one scan, the status is tested along it. */
  perStatus?: readonly TicketStatus[];
}

/**
 * Which index a list is read by. SQLite has no statistics here and would guess; these rules keep the cost of a page
 * to what one person, machine or customer has, or to the page itself.
 */
export function access(query: Partial<ListQuery>, sort: Sort): Access {
  const byCreation = sort === "-created_at" || sort === "created_at";
  if (sort === "queue") return { index: "tickets_queue" };
  if (query.customer_id) return { index: "tickets_customer" };
  if (query.reported_by) return { index: "tickets_reporter" };
  if (query.assigned_to && query.assigned_to !== "none") return { index: "tickets_assignee" };
  if (query.machine_id) return { index: "tickets_machine" };
  if (query.updated_after) return { index: "tickets_updated_at" };
  if (query.status) {
    const allOpen = query.status.every((status) => OPEN_STATUSES.includes(status));
    if (sort === "-updated_at") return { index: "tickets_status_updated", perStatus: query.status };
    if (byCreation || allOpen) return { index: "tickets_status", perStatus: query.status };
  }
  if (sort === "-updated_at") return { index: "tickets_updated_at" };
  if (sort === "priority") return { index: "tickets_priority" };
  if (query.machine_type) return { index: "tickets_machine_type" };
  if (query.assigned_to === "none") return { index: "tickets_unassigned" };
  return { index: "tickets_created_at" };
}

/** D1 allows five terms in a compound SELECT. */
const COMPOUND_TERMS = 5;

function unionAll(selects: string[]): string {
  if (selects.length <= COMPOUND_TERMS) return selects.map((select) => `SELECT * FROM (${select})`).join(" UNION ALL ");
  const half = Math.ceil(selects.length / 2);
  return unionAll([unionAll(selects.slice(0, half)), unionAll(selects.slice(half))]);
}

/** Numbers the `?` of a condition, so that it may stand in several scans and is bound once: D1 takes 100 parameters. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replace(/\?/g, () => `?${++count}`);
}

/** The rows that a list chooses, after a key, in no order yet, as a SELECT of `id, k0, k1…`; at most `limit` of them. */
function chosenRows(
  ctx: ActorContext,
  query: Partial<ListQuery>,
  sort: Sort,
  after: Param[] | null,
  found: Search | null,
  limit: number,
): { rows: string; params: Param[] } {
  const order = SORTS[sort];
  const { sql: where, params } = conditions(ctx, query);
  if (sort === "queue") where.push("t.is_open = 1");
  if (after) {
    where.push(`(${order.key.join(", ")}) ${order.direction === "DESC" ? "<" : ">"} (${placeholders(after)})`);
    params.push(...after);
  }
  if (found) {
    where.push(...found.conditions);
    params.push(...found.params);
  }
  const keys = order.key.map((key, index) => `${key} AS k${index}`).join(", ");
  const orderBy = order.key.map((key) => `${key} ${order.direction}`).join(", ");

  const shared = numbered(where.join(" AND "));
  const bind = (value: Param) => `?${params.push(value)}`;
  const scan = (from: string, ...more: string[]) =>
    `SELECT t.id AS id, ${keys} FROM ${from} WHERE ${[shared, ...more].join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`;

  const { index, perStatus } = access(query, sort);
  if (perStatus && !found?.candidates) {
    const rows = perStatus.map((status) => scan(`tickets t INDEXED BY ${index}`, `t.status = ${bind(status)}`));
    return { rows: unionAll(rows), params };
  }
  const from = found?.candidates
    ? `json_each(${bind(JSON.stringify(found.candidates))}) c CROSS JOIN tickets t ON t.id = c.value`
    : `tickets t INDEXED BY ${index}`;
  const rows = query.status ? scan(from, `t.status IN (${query.status.map(bind).join(", ")})`) : scan(from);
  return { rows, params };
}

const keyOrder = ({ key, direction }: (typeof SORTS)[Sort]): string =>
  key.map((_, index) => `p.k${index} ${direction}`).join(", ");

/** The statement that reads one page and the row after it. */
export function pageStatement(
  ctx: ActorContext,
  query: ListQuery,
  sort: Sort,
  after: Param[] | null,
  found: Search | null,
): { sql: string; params: Param[] } {
  const limit = query.limit + 1;
  const { rows, params } = chosenRows(ctx, query, sort, after, found, limit);
  const orderBy = keyOrder(SORTS[sort]);
  const columns = SORTS[sort].key.map((_, position) => `p.k${position}`).join(", ");
  return {
    sql: `SELECT d.ticket AS ticket, ${columns}
          FROM (SELECT * FROM (${rows}) AS p ORDER BY ${orderBy} LIMIT ${limit}) AS p
          CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = p.id
          ORDER BY ${orderBy}`,
    params,
  };
}

/** Whose tickets a list shows: a statement that finds a row where they exist, and what it means that it does not. */
interface Owner {
  exists: D1PreparedStatement;
  missing: ProblemCode;
}

/**
 * A page of tickets (contract section 4).
 *
 * @param owner looked for in the same trip.
 * @returns tickets as JSON text and the cursor of the next page, which fits this order only.
 * @throws AppError `invalid_cursor`, and what it means that the owner is missing.
 */
export async function listTickets(ctx: ActorContext, query: ListQuery, owner?: Owner): Promise<TicketPage> {
  const sort = query.sort ?? "-created_at";
  const order = SORTS[sort];
  const cursor = decodeCursor("tickets", query.cursor, z.tuple([z.literal(sort), order.cursor]));
  const found = query.q === undefined ? null : await search(ctx, query.q);
  if (query.q !== undefined && found === null) return { tickets: [], next_cursor: null };

  const { sql, params } = pageStatement(ctx, query, sort, cursor?.[1] ?? null, found);
  const { DB } = ctx.env;
  const [tickets, known] = await DB.batch<{ ticket: string } & Record<string, Param>>([
    DB.prepare(sql).bind(...params),
    ...(owner ? [owner.exists] : []),
  ]);
  if (owner && !known?.results.length) throw new AppError(owner.missing);
  const results = tickets?.results ?? [];
  const page = results.slice(0, query.limit);
  const last = results.length > query.limit ? page.at(-1) : undefined;
  const key = last && order.key.map((_, index) => last[`k${index}`] as Param);
  return { tickets: page.map((row) => row.ticket), next_cursor: key ? encodeCursor("tickets", [sort, key]) : null };
}

/** No list is longer: the ids of all its tickets are read at once. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * Every ticket of a list, newest first, as JSON arrays of ids, `size` in each: searched for once, however many pages are
 * read of it, and no ticket moves from page to page while they are read.
 */
export async function listPages(
  ctx: ActorContext,
  query: Omit<ListQuery, "sort" | "limit" | "cursor">,
  size: number,
): Promise<string[]> {
  const sort = "-created_at";
  const found = query.q === undefined ? null : await search(ctx, query.q);
  if (query.q !== undefined && found === null) return [];
  const { rows, params } = chosenRows(ctx, query, sort, null, found, UNLIMITED);
  const { results } = await ctx.env.DB.prepare(
    `SELECT json_group_array(n.id ORDER BY n.place) AS ids
     FROM (SELECT p.id, ROW_NUMBER() OVER (ORDER BY ${keyOrder(SORTS[sort])}) - 1 AS place FROM (${rows}) AS p) AS n
     GROUP BY n.place / ${size} ORDER BY n.place / ${size}`,
  )
    .bind(...params)
    .all<{ ids: string }>();
  return results.map((row) => row.ids);
}

/** Tickets as JSON texts, in the order of their ids. @param ids a JSON array; what was deleted meanwhile is left out. */
export async function readTickets(ctx: ActorContext, ids: string): Promise<string[]> {
  const { results } = await ctx.env.DB.prepare(
    `SELECT d.ticket FROM json_each(?) AS c CROSS JOIN tickets t ON t.id = c.value AND t.deleted_at IS NULL
     CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = t.id
     ORDER BY c.key`,
  )
    .bind(ids)
    .all<{ ticket: string }>();
  return results.map((row) => row.ticket);
}

/** The page as the body of an answer. */
export const pageBody = (page: TicketPage): string =>
  `{"tickets":[${page.tickets.join(",")}],"next_cursor":${JSON.stringify(page.next_cursor)}}`;
