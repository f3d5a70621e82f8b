import { type FormValue, OPERATIONS, type OperationName } from "./stripe-openapi.ts";
import type { Behaviour, Logged, StripeCustomer } from "./stripe-protocol.ts";

const SEARCH_LAG_SECONDS = 60;

export interface Answer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

export interface Saved {
  request: string;
  at: number;
  /** Null while the first request is at work. */
  answer: Answer | null;
}

/** Everything under one secret key. */
export interface Account {
  customers: Map<string, StripeCustomer>;
  deleted: Set<string>;
  keys: Map<string, Saved>;
  behaviours: Behaviour[];
  /** Refuses every request with this status, as for a key that was revoked or lacks a right. */
  refuse: 401 | 403 | null;
  requests: Logged[];
  faults: string[];
  held: Set<() => void>;
  open: number;
  peak: number;
  ids: number;
}

export const newAccount = (): Account => ({
  customers: new Map(),
  deleted: new Set(),
  keys: new Map(),
  behaviours: [],
  refuse: null,
  requests: [],
  faults: [],
  held: new Set(),
  open: 0,
  peak: 0,
  ids: 0,
});

export const error = (
  status: number,
  type: string,
  details: { code?: string; param?: string } = {},
  headers = {},
): Answer => ({
  status,
  // Stripe's message quotes what it was given: nothing of it may show up in our records.
  body: { error: { type, message: "quotes sk_live_secret and jeanne@atelier.example", ...details } },
  headers,
});

export const operationOf = (method: string, path: string): { name: OperationName; customer: string | null } | null => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const pattern = new RegExp(`^${operation.path.replace("{customer}", "(?!search$)([^/]+)")}$`);
    const match = pattern.exec(path);
    if (operation.method === method && match) return { name: name as OperationName, customer: match[1] ?? null };
  }
  return null;
};

function write(customer: StripeCustomer, form: Record<string, FormValue>): void {
  for (const [name, value] of Object.entries(form)) {
    if (name === "metadata") {
      const merged = Object.entries({ ...customer.metadata, ...(value as Record<string, string>) });
      customer.metadata = Object.fromEntries(merged.filter(([, item]) => item !== ""));
    } else Object.assign(customer, { [name]: value === "" ? null : value });
  }
}

const present = (customer: StripeCustomer) => ({ object: "customer", livemode: false, ...customer });

/** Does what is asked. */
export function execute(
  account: Account,
  name: OperationName,
  id: string | null,
  form: Record<string, FormValue>,
  now: number,
): Answer {
  const newest = [...account.customers.values()].reverse();
  const page = (object: string, found: StripeCustomer[]): Answer => {
    const limit = Number(form.limit ?? 10);
    const data = found.slice(0, limit).map(present);
    return { status: 200, body: { object, url: "/v1/customers", data, has_more: found.length > limit } };
  };
  if (name === "list") {
    const since = Number((form.created as Record<string, string> | undefined)?.gte ?? 0);
    const start = newest.findIndex((customer) => customer.id === form.starting_after) + 1;
    return page(
      "list",
      newest
        .slice(start)
        .filter((customer) => customer.created >= since && (form.email === undefined || customer.email === form.email)),
    );
  }
  if (name === "search") {
    const [, key = "", value] = /^metadata\['(\w+)'\]:'(\w+)'$/.exec(String(form.query)) ?? [];
    const indexed = newest.filter((customer) => customer.created <= now / 1000 - SEARCH_LAG_SECONDS);
    return page(
      "search_result",
      indexed.filter((customer) => value !== undefined && customer.metadata[key] === value),
    );
  }
  if (name === "create") {
    const created: StripeCustomer = {
      id: `cus_${++account.ids}${Math.random().toString(36).slice(2, 10)}`,
      created: Math.floor(now / 1000),
      name: null,
      business_name: null,
      email: null,
      phone: null,
      preferred_locales: [],
      metadata: {},
    };
    write(created, form);
    account.customers.set(created.id, created);
    return { status: 200, body: present(created) };
  }
  const customer = account.customers.get(id ?? "");
  if (!customer && name === "retrieve" && account.deleted.has(id ?? "")) {
    return { status: 200, body: { id, object: "customer", deleted: true } };
  }
  if (!customer) return error(404, "invalid_request_error", { code: "resource_missing", param: "id" });
  if (name === "update") write(customer, form);
  if (name === "delete") {
    account.customers.delete(customer.id);
    account.deleted.add(customer.id);
    return { status: 200, body: { id, object: "customer", deleted: true } };
  }
  return { status: 200, body: present(customer) };
}
