import type { BoundedPage, Part } from "../db/bounded-page.ts";
import type { Fragment } from "../db/fragment.ts";
import { PAGE_MAX } from "../http/cursor.ts";
import { TICKET_PRIORITIES } from "../vocabulary/priorities.ts";
import { OPEN_STATUSES } from "../vocabulary/statuses.ts";
import type { Filters, ListQuery } from "./filters.ts";
import { candidatesOf, type Search } from "./search.ts";
import type { Sort } from "./sorts.ts";

type Access = Pick<BoundedPage, "scans" | "tests" | "small" | "filters">;

/** Filters that have an index in the order of creation, from the one that mostly leaves least. */
const OF_ONE = {
  customer_id: "tickets_customer",
  reported_by: "tickets_reporter",
  assigned_to: "tickets_assignee",
  machine_id: "tickets_machine",
  machine_type: "tickets_machine_type",
  unassigned: "tickets_assignee",
} as const satisfies Partial<Record<keyof Filters, string>>;

const PRESENT: Fragment = { sql: "t.deleted_at IS NULL", params: [] };
const IS_OPEN: Fragment = { sql: "t.is_open = 1", params: [] };

const part = (index: string, ...conditions: (Fragment | undefined)[]): Part => ({
  from: { sql: `tickets t INDEXED BY ${index}`, params: [] },
  conditions: [PRESENT, ...conditions.filter((condition) => condition !== undefined)],
});

/** What one customer, person, machine or type has. */
function ofOne(filters: Filters): { name: keyof Filters; part: Part } | null {
  for (const [name, index] of Object.entries(OF_ONE) as [keyof typeof OF_ONE, string][]) {
    if (filters[name]) return { name, part: part(index, filters[name]) };
  }
  return null;
}

const isStatus = (status: string): Part => part("tickets_status", { sql: "t.status = ?", params: [status] });

/** @param ranked whether the list is in the order of ranks first. */
function isPriority(priority: (typeof TICKET_PRIORITIES)[number], ranked: boolean): Part {
  const rank = TICKET_PRIORITIES.indexOf(priority);
  const found = part("tickets_priority", { sql: "t.priority_rank = ?", params: [rank] });
  return ranked ? { ...found, first: rank } : found;
}

/** What is read in the order of the list, and the filter that is answered by that. */
function inOrder(
  filters: Filters,
  { status = [], priority = [] }: Partial<ListQuery>,
  sort: Sort,
  isAlone: boolean,
): { scans: Part[]; by?: keyof Filters } {
  if (sort === "queue") return { scans: [part("tickets_queue", filters.assigned_to, IS_OPEN)], by: "assigned_to" };
  if (sort === "-updated_at") {
    return { scans: [part("tickets_updated_at", filters.updated_after)], by: "updated_after" };
  }
  const one = sort === "priority" ? null : ofOne(filters);
  if (one) return { scans: [one.part], by: one.name };
  // Of several parts none may be tested any further: how far each was looked at would have to be known.
  if (priority.length === 1 || (priority.length > 1 && isAlone)) {
    return { scans: priority.map((name) => isPriority(name, sort === "priority")), by: "priority" };
  }
  if (sort === "priority") return { scans: [part("tickets_priority")] };
  if (status.length === 1 || (status.length > 1 && isAlone)) return { scans: status.map(isStatus), by: "status" };
  return { scans: [part("tickets_created_at")] };
}

/** Parts that may be small: open work, what has changed lately, what somebody has. */
function maySmall(filters: Filters, { status }: Partial<ListQuery>, sort: Sort): Part[] {
  const isOpen = status?.every((name) => OPEN_STATUSES.includes(name)) ?? false;
  const one = ofOne(filters);
  return [
    ...(isOpen && filters.assigned_to
      ? [part("tickets_queue", filters.assigned_to, IS_OPEN)]
      : filters.status
        ? [part("tickets_status", filters.status)]
        : []),
    ...(filters.updated_after && sort !== "-updated_at" ? [part("tickets_updated_at", filters.updated_after)] : []),
    ...(one && (sort === "-updated_at" || sort === "priority") ? [one.part] : []),
  ];
}

/**
 * How a list of tickets is read: SQLite has no statistics here and would guess. In its own order where an index has that,
 * testing what else is asked; or, where a few hundred tickets at most can be meant, all of these; or what a search has
 * found.
 */
export function access(filters: Filters, query: Partial<ListQuery>, sort: Sort, found: Search | null = null): Access {
  const searched = found?.conditions ?? [];
  const asked = [PRESENT, ...Object.values(filters), ...searched];
  const candidates = found && candidatesOf(found, query.limit ?? PAGE_MAX);
  if (candidates) {
    const scans = candidates.map((part) => ({ ...part, conditions: [...part.conditions, ...asked] }));
    return { scans, tests: [], small: [], filters: asked };
  }
  const isAlone = Object.keys(filters).length === 1 && searched.length === 0;
  const { scans, by } = inOrder(filters, query, sort, isAlone);
  const others = Object.entries(filters).flatMap(([name, condition]) => (name === by ? [] : [condition]));
  return {
    scans,
    tests: [...others, ...searched],
    small: others.length > 0 && sort !== "queue" ? maySmall(filters, query, sort) : [],
    filters: asked,
  };
}
