import { encodeCursor } from "../../src/http/cursor.ts";
import { CHANNELS } from "../../src/vocabulary/channels.ts";
import { DELIVERY_STATUSES } from "../../src/vocabulary/deliveries.ts";
import { MACHINE_STATUSES } from "../../src/vocabulary/machines.ts";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { PRIORITIES, STATUSES } from "../tickets/stock.ts";
import { NOW, SHOP } from "./busy-shop.ts";

/** Parameters of a request; `cursor` is one, too. */
export type Query = Record<string, string | number>;

/** A place in the middle of a list that is in the order of its ids. */
const middle = (list: string): Query => ({ cursor: encodeCursor(list, [10_000]) });
const each = (name: string, values: readonly (string | number)[]): Query[] =>
  values.map((value) => ({ [name]: value }));

const OLD = "2023-11-22T00:00:00.000Z";
const HALFWAY = "2025-05-20T00:00:00.000Z";
const RECENT = "2026-11-19T00:00:00.000Z";

/** What a list of tickets can be asked for: of each filter a value that most tickets have, and one that only the oldest have. */
const TICKET_FILTERS: Record<string, (string | number)[]> = {
  status: ["completed", "cancelled", "received", "received,diagnostic,in_progress,waiting_parts", "cancelled,archived"],
  priority: ["medium", "critical", "low,high,critical"],
  machine_id: [3, SHOP.rareMachine],
  machine_type: ["CNC", "RAR"],
  assigned_to: ["none", 5, SHOP.rarePerson, "me"],
  reported_by: [5, SHOP.rarePerson],
  customer_id: [SHOP.bigCustomer, 2],
  updated_after: [OLD, RECENT],
};

/** Every filter by itself, with every one of its values. */
const ALONE: Query[] = [
  {},
  ...each("status", [...STATUSES, STATUSES.join()]),
  ...each("priority", [...PRIORITIES, PRIORITIES.join()]),
  ...Object.entries(TICKET_FILTERS).flatMap(([name, values]) => each(name, values)),
  ...each("machine_id", [999]),
  ...each("machine_type", ["XX"]),
  ...each("updated_after", [HALFWAY, NOW]),
];

/** Every two filters. */
const PAIRS: Query[] = Object.entries(TICKET_FILTERS).flatMap(([name, values], index) =>
  Object.entries(TICKET_FILTERS)
    .slice(index + 1)
    .flatMap(([other, others]) =>
      values.flatMap((value) => others.map((otherValue) => ({ [name]: value, [other]: otherValue }))),
    ),
);

/** More than two at once. */
const MORE: Query[] = [
  { status: "completed", machine_id: 3, assigned_to: 5, priority: "high" },
  { status: "received,completed", machine_type: "LSR", reported_by: 5, updated_after: HALFWAY },
];

const PLACES = {
  "-created_at": [HALFWAY, 10_000],
  created_at: [HALFWAY, 10_000],
  "-updated_at": [HALFWAY, 10_000],
  priority: [1, HALFWAY, 10_000],
};
const SORTS = Object.keys(PLACES) as (keyof typeof PLACES)[];
/** A place in the middle of a list of tickets. */
const ticketPlace = (sort: keyof typeof PLACES): Query => ({
  cursor: encodeCursor("tickets", [sort, PLACES[sort]]),
});

const newest = ticketPlace("-created_at");
const NUMBERS: Query[] = [{}, { limit: 1 }, { limit: 100 }];

/** What each GET is asked for, by its path; every query parameter occurs, and every value of those that have few. */
interface Reads {
  /** Of the path. */
  params?: Query[];
  queries?: Query[];
  /** Rows that may be read, where a page is not the measure. */
  most?: number;
}

export const READS: Record<string, Reads> = {
  "/api/health": {},
  "/api/auth/get-session": {},
  "/api/me": {},
  "/api/users": {
    queries: [
      ...NUMBERS,
      { cursor: encodeCursor("users", [20]) },
      ...each("role", ROLES),
      ...each("active", ["true", "false"]),
      { q: "nobody at all", role: "admin" },
      { q: "person" },
    ],
  },
  "/api/users/assignable": {},
  "/api/users/{id}": { params: [{ id: 1 }, { id: SHOP.rarePerson }] },
  "/api/api-keys": { queries: [...NUMBERS, { cursor: encodeCursor("api_keys", [1]) }] },
  "/api/machine-types": { queries: [...NUMBERS, { cursor: encodeCursor("machine_types", ["LSR"]) }] },
  "/api/machines": {
    queries: [
      ...NUMBERS,
      { cursor: encodeCursor("machines", [15]) },
      ...each("status", MACHINE_STATUSES),
      ...each("machine_type", ["CNC", "RAR", "XX"]),
      { q: "machine 7" },
      { q: "nothing", status: "operational" },
    ],
  },
  "/api/machines/{id}": { params: [{ id: 3 }] },
  "/api/machines/{id}/timeline": {
    params: [{ id: 3 }, { id: SHOP.rareMachine }],
    queries: [...NUMBERS, { cursor: encodeCursor("machine_timeline", [500]) }],
  },
  "/api/machines/{id}/qr.svg": { params: [{ id: 3 }] },
  "/api/machines/by-token/{token}": {
    params: [3, SHOP.rareMachine].map((id) => ({ token: `q${String(id).padStart(21, "0")}` })),
    most: 2000,
  },
  "/api/machines/{id}/tickets": { params: [{ id: 3 }, { id: SHOP.rareMachine }], queries: [...NUMBERS, newest] },
  "/api/tickets": {
    queries: SORTS.flatMap((sort) => [
      ...ALONE.flatMap((query) => [
        { ...query, sort },
        { ...query, sort, limit: 100, ...ticketPlace(sort) },
      ]),
      // The oldest first are read as the newest first are.
      ...(sort === "created_at" ? [] : [...PAIRS, ...MORE].map((query) => ({ ...query, sort, limit: 100 }))),
    ]),
  },
  "/api/tickets/{ref}": { params: [{ ref: 12_345 }, { ref: "CNC-0120-000001" }, { ref: "CNC-0120-9999" }] },
  "/api/tickets/{ref}/timeline": {
    params: [{ ref: 12_345 }],
    queries: [
      ...NUMBERS,
      { cursor: encodeCursor("ticket_timeline", [50_000]) },
      { before: encodeCursor("ticket_timeline", [50_000]) },
    ],
  },
  "/api/tickets/{ref}/attachments": {
    params: [{ ref: 10_000 }],
    queries: [...NUMBERS, { cursor: encodeCursor("attachments", [500]) }],
  },
  "/api/tickets.csv": { queries: [...ALONE, ...MORE] },
  "/api/me/queue": { queries: [...NUMBERS, { cursor: encodeCursor("tickets", ["queue", [0, 1, HALFWAY, 10_000]]) }] },
  "/api/customers": {
    queries: [
      ...NUMBERS,
      middle("customers"),
      { cursor: encodeCursor("customers", [4000]) },
      ...each("archived", ["true", "false"]),
      // Nobody's, one person's, half of a word that all have, a number, digits of one, an address, six words.
      ...each("q", [
        "xylophone",
        "zebulon",
        "cust",
        "company 1",
        "+33 6 10 00 01 23",
        "0123",
        "33610",
        "c7@customer.example",
      ]),
      { q: "a b c d e f" },
      { q: "zebulon", archived: "true" },
      { q: "customer", cursor: encodeCursor("customers", [4000]) },
    ],
  },
  "/api/customers/{id}": { params: [{ id: 1 }] },
  "/api/customers/{id}/export": {
    // For each page all e-mails are looked through that one customer has ever got: six rows for each of them.
    most: 15_000,
    params: [{ id: SHOP.bigCustomer }, { id: 2 }],
    queries: [...NUMBERS, { cursor: encodeCursor("customer_export", [null, 1000, 1000, 10_000]) }],
  },
  "/api/customers/{id}/contact-methods": {
    params: [{ id: 1 }],
    queries: [...NUMBERS, { cursor: encodeCursor("contact_methods", [0, "email", 1]) }],
  },
  "/api/customers/{id}/contact-preferences": { params: [{ id: 1 }] },
  "/api/customers/{id}/contact-history": {
    params: [{ id: SHOP.bigCustomer }],
    queries: [...NUMBERS, middle("contact_history")],
  },
  "/api/customers/{id}/tickets": { params: [{ id: SHOP.bigCustomer }, { id: 2 }], queries: [...NUMBERS, newest] },
  "/api/attachments/{id}": { params: [{ id: 1 }] },
  "/api/attachments/{id}/thumbnail": { params: [{ id: 1 }] },
  "/api/emails": { queries: [...NUMBERS, middle("emails"), { ticket: 10_000 }, { ticket: "CNC-0120-000001" }] },
  "/api/push/vapid-public-key": {},
  "/api/push/subscriptions": {},
  "/api/push/logs": {
    queries: [
      ...NUMBERS,
      middle("push_logs"),
      ...each("ticket", [9999, "CNC-0120-000001", "CNC-0120-000002"]),
      ...each("user_id", [5, SHOP.rarePerson, 999]),
      { ticket: "CNC-0120-000001", user_id: 5 },
      { ticket: 1, user_id: 5, ...middle("push_logs") },
    ],
  },
  "/api/webhooks": { queries: [...NUMBERS, { cursor: encodeCursor("webhooks", [1]) }] },
  "/api/deliveries": {
    queries: [
      ...NUMBERS,
      middle("deliveries"),
      ...CHANNELS.flatMap((channel) => DELIVERY_STATUSES.map((status) => ({ channel, status }))),
      ...each("channel", CHANNELS),
      ...each("status", DELIVERY_STATUSES),
      { channel: "push", status: "completed", ...middle("deliveries") },
      { status: "failed", ...middle("deliveries") },
      ...each("ticket", [12_345, "CNC-0120-000001"]),
      ...each("subject", ["ticket:12345", "customer:1", "ticket:999999"]),
      { ticket: 12_345, channel: "push", status: "completed" },
      { subject: "ticket:12345", status: "failed", channel: "stripe" },
    ],
  },
  // Up to 120 tickets with their timelines, and what the shop has reported lately.
  "/api/me/bootstrap": { most: 20_000 },
  "/api/changes": {
    queries: [{}, ...[1, 100].map((limit) => ({ limit, cursor: encodeCursor("changes", [10_000]) }))],
  },
  "/api/deliveries/health": {},
  "/api/deliveries/{id}": { params: [{ id: 1 }, { id: 10_000 }] },
  // Figures, each counted up to 10,000.
  "/api/sync": { most: 50_000 },
  // Figures of a month, also while its days are not kept yet.
  "/api/stats": {
    most: 50_000,
    queries: [
      {},
      { machine_id: 3 },
      { from: RECENT },
      { from: "2026-11-01T00:00:00.000Z", to: RECENT, machine_id: 999 },
    ],
  },
};

/** Figures of a year, which may cost more. */
export const YEARS: Query[] = [
  { from: "2025-11-20T15:00:00.000Z" },
  { from: "2025-11-20T15:00:00.000Z", machine_id: 3 },
  { from: "2023-12-01T00:00:00.000Z", to: "2024-11-30T00:00:00.000Z" },
];

const body = (path: string, sent?: unknown) => async () => ({ path, ...(sent !== undefined && { body: sent }) });

/** Changes of what much hangs on. */
export const HEAVY = {
  "PATCH /api/machines/{id}, of many tickets": body("/api/machines/3", { location: "Hall 2" }),
  "DELETE /api/machines/{id}, of many tickets": body("/api/machines/4"),
  "PATCH /api/users/{id}, of many tickets": body("/api/users/5", { active: false, role: "operator" }),
  "PATCH /api/customers/{id}, of many tickets": body(`/api/customers/${SHOP.bigCustomer}`, {
    email: "new@customer.example",
  }),
  "DELETE /api/customers/{id}, of many tickets": body(`/api/customers/${SHOP.bigCustomer}`),
  "DELETE /api/customers/{id}, erased": body("/api/customers/7?erase=true"),
  "PATCH /api/tickets/{ref}, an old one": body("/api/tickets/12345", { title: "Renamed" }),
  "DELETE /api/tickets/{ref}, an old one": body("/api/tickets/12346"),
  "POST /api/deliveries/cleanup, counted only": body("/api/deliveries/cleanup", {
    older_than_hours: 720,
    dry_run: true,
  }),
  "POST /api/sync/customers, all": body("/api/sync/customers", {}),
};

/** Rows of changes that concern more than a page: figures, what is removed, everybody. */
export const MORE_ROWS: Record<string, number> = {
  "POST /api/sync/resume": 50_000,
  // Five thousand deliveries with their tries and pushes, or counting ten thousand.
  "POST /api/deliveries/cleanup": 100_000,
  "POST /api/deliveries/cleanup, counted only": 10_100,
  // For each customer.
  "POST /api/sync/customers, all": 15 * SHOP.customers,
};
