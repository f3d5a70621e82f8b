import type { ActorContext } from "../context.ts";
import type { Fragment } from "../db/fragment.ts";
import type { TicketListQuery } from "./schemas.ts";
import type { Sort } from "./sorts.ts";

/** A list to be read: filters, order, page. */
export type ListQuery = Partial<Omit<TicketListQuery, "sort" | "limit">> & { sort?: Sort; limit: number };

type FilterName = Exclude<keyof ListQuery, "q" | "sort" | "limit" | "cursor"> | "unassigned";

/** What a list asks of its tickets beside a search: conditions over `t`, by name. */
export type Filters = Partial<Record<FilterName, Fragment>>;

const is = (sql: string, ...params: (string | number)[]): Fragment => ({ sql, params });
/** Where it is tested row by row, each value of an IN would count as another row. */
const isOneOf = (column: string, values: string[]): Fragment =>
  is(`(${values.map(() => `${column} = ?`).join(" OR ")})`, ...values);

/** The conditions of a list. */
export function filtersOf(ctx: ActorContext, query: Partial<ListQuery>): Filters {
  const { status, priority, machine_id, machine_type, assigned_to, reported_by, customer_id, updated_after } = query;
  return {
    ...(status && { status: isOneOf("t.status", status) }),
    ...(priority && { priority: isOneOf("t.priority", priority) }),
    ...(machine_id && { machine_id: is("t.machine_id = ?", machine_id) }),
    ...(machine_type && {
      machine_type: is("t.machine_type_id = (SELECT id FROM machine_types WHERE code = ?)", machine_type),
    }),
    ...(assigned_to === "none" && { unassigned: is("t.assigned_to IS NULL") }),
    ...(assigned_to &&
      assigned_to !== "none" && {
        assigned_to: is("t.assigned_to = ?", assigned_to === "me" ? ctx.actor.id : assigned_to),
      }),
    ...(reported_by && { reported_by: is("t.reported_by = ?", reported_by) }),
    ...(customer_id && { customer_id: is("t.customer_id = ?", customer_id) }),
    ...(updated_after && { updated_after: is("t.updated_at > ?", updated_after) }),
  };
}
