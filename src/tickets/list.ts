import { z } from "zod";
import type { ActorContext } from "../context.ts";
import { decodeCursor, encodeCursor } from "../http/cursor.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import type { TicketListQuery, TicketStatus } from "./schemas.ts";
import { type Search, search } from "./search.ts";
import { SORTS, type Sort } from "./sorts.ts";
import { OPEN_STATUSES } from "./transitions.ts";

type Param = string | number;

/** A list to be read: filters, order, page. `limit` may exceed the public one for exports. */
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

function conditions(ctx: ActorContext, query: ListQuery): Conditions {
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
export function access(query: ListQuery, sort: Sort): Access {
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

/** The statement that reads one page and the row after it. */
export function pageStatement(
  ctx: ActorContext,
  query: ListQuery,
  sort: Sort,
  after: Param[] | null,
  found: Search | null,
): { sql: string; params: Param[] } {
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
  const outerOrderBy = order.key.map((_, index) => `p.k${index} ${order.direction}`).join(", ");
  const limit = query.limit + 1;

  const shared = numbered(where.join(" AND "));
  const bind = (value: Param) => `?${params.push(value)}`;
  const scan = (from: string, ...more: string[]) =>
    `SELECT t.id AS id, ${keys} FROM ${from} WHERE ${[shared, ...more].join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`;

  let pages: string;
  const { index, perStatus } = access(query, sort);
  if (perStatus && !found?.candidates) {
    pages = unionAll(perStatus.map((status) => scan(`tickets t INDEXED BY ${index}`, `t.status = ${bind(status)}`)));
  } else {
    const from = found?.candidates
      ? `json_each(${bind(JSON.stringify(found.candidates))}) c CROSS JOIN tickets t ON t.id = c.value`
      : `tickets t INDEXED BY ${index}`;
    pages = query.status ? scan(from, `t.status IN (${query.status.map(bind).join(", ")})`) : scan(from);
  }
  const columns = order.key.map((_, position) => `p.k${position}`).join(", ");
  return {
    sql: `SELECT d.ticket AS ticket, ${columns}
          FROM (SELECT * FROM (${pages}) AS p ORDER BY ${outerOrderBy} LIMIT ${limit}) AS p
          CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = p.id
          ORDER BY ${outerOrderBy}`,
    params,
  };
}

/**
 * A page of tickets (contract section 4).
 *
 * @returns tickets as JSON text and the cursor of the next page, which fits this order only.
 * @throws AppError `invalid_cursor`.
 */
export async function listTickets(ctx: ActorContext, query: ListQuery): Promise<TicketPage> {
  const sort = query.sort ?? "-created_at";
  const order = SORTS[sort];
  const cursor = decodeCursor(query.cursor, z.tuple([z.literal(sort), order.cursor]));
  const found = query.q === undefined ? null : await search(ctx, query.q);
  if (query.q !== undefined && found === null) return { tickets: [], next_cursor: null };

  const { sql, params } = pageStatement(ctx, query, sort, cursor?.[1] ?? null, found);
  const { results } = await ctx.env.DB.prepare(sql)
    .bind(...params)
    .all<{ ticket: string } & Record<string, Param>>();
  const page = results.slice(0, query.limit);
  const last = results.length > query.limit ? page.at(-1) : undefined;
  const key = last && order.key.map((_, index) => last[`k${index}`] as Param);
  return { tickets: page.map((row) => row.ticket), next_cursor: key ? encodeCursor([sort, key]) : null };
}

/** The page as the body of an answer. */
export const pageBody = (page: TicketPage): string =>
  `{"tickets":[${page.tickets.join(",")}],"next_cursor":${JSON.stringify(page.next_cursor)}}`;
