import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

// The tables as typed reads see them. migrations/ is the truth; test/db/schema.test.ts holds the two together.
// Property names are column names, so that a selected row already has the names of the API.

export const users = sqliteTable("users", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  email: text().notNull().unique(),
  email_verified: integer({ mode: "boolean" }).notNull().default(false),
  image: text(),
  role: text({ enum: ["operator", "technician", "supervisor", "admin"] })
    .notNull()
    .default("operator"),
  language: text({ enum: ["en", "fr"] }),
  active: integer({ mode: "boolean" }).notNull().default(true),
  created_at: text().notNull(),
  updated_at: text().notNull(),
});

export const sessions = sqliteTable(
  "sessions",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    token: text().notNull().unique(),
    expires_at: text().notNull(),
    ip_address: text(),
    user_agent: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [index("sessions_user_id").on(t.user_id)],
);

export const accounts = sqliteTable(
  "accounts",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    account_id: text().notNull(),
    provider_id: text().notNull(),
    password: text(),
    access_token: text(),
    refresh_token: text(),
    id_token: text(),
    access_token_expires_at: text(),
    refresh_token_expires_at: text(),
    scope: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [unique().on(t.provider_id, t.account_id), index("accounts_user_id").on(t.user_id)],
);

export const verifications = sqliteTable(
  "verifications",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    identifier: text().notNull(),
    value: text().notNull(),
    expires_at: text().notNull(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [index("verifications_identifier").on(t.identifier)],
);

export const api_keys = sqliteTable(
  "api_keys",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    config_id: text().notNull().default("default"),
    name: text(),
    start: text(),
    prefix: text(),
    key: text().notNull().unique(),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    refill_interval: integer(),
    refill_amount: integer(),
    last_refill_at: text(),
    enabled: integer({ mode: "boolean" }).notNull().default(true),
    rate_limit_enabled: integer({ mode: "boolean" }).notNull().default(true),
    rate_limit_time_window: integer(),
    rate_limit_max: integer(),
    request_count: integer().notNull().default(0),
    remaining: integer(),
    last_request: text(),
    expires_at: text(),
    permissions: text(),
    metadata: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [index("api_keys_user_id").on(t.user_id)],
);

export const machine_types = sqliteTable("machine_types", {
  id: integer().primaryKey({ autoIncrement: true }),
  code: text().notNull().unique(),
  name: text().notNull(),
  created_at: text().notNull(),
  updated_at: text().notNull(),
});

export const machines = sqliteTable(
  "machines",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    machine_type_id: integer()
      .notNull()
      .references(() => machine_types.id),
    name: text().notNull(),
    model: text(),
    serial_number: text().unique(),
    location: text(),
    status: text({ enum: ["operational", "maintenance", "out_of_service"] })
      .notNull()
      .default("operational"),
    qr_token: text().notNull().unique(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    retired_at: text(),
  },
  (t) => [index("machines_machine_type_id").on(t.machine_type_id)],
);

export const customers = sqliteTable("customers", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  company: text(),
  email: text(),
  phone: text(),
  whatsapp: text(),
  language: text({ enum: ["en", "fr"] }),
  notes: text(),
  version: integer().notNull().default(1),
  created_at: text().notNull(),
  updated_at: text().notNull(),
  archived_at: text(),
});

export const ticket_counters = sqliteTable(
  "ticket_counters",
  {
    code: text().notNull(),
    month: text().notNull(),
    last_number: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.code, t.month] })],
);

export const tickets = sqliteTable(
  "tickets",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    ticket_id: text().notNull().unique(),
    title: text().notNull(),
    description: text(),
    status: text({
      enum: ["received", "diagnostic", "in_progress", "waiting_parts", "completed", "cancelled", "archived"],
    })
      .notNull()
      .default("received"),
    priority: text({ enum: ["low", "medium", "high", "critical"] })
      .notNull()
      .default("medium"),
    machine_id: integer()
      .notNull()
      .references(() => machines.id),
    customer_id: integer().references(() => customers.id),
    reported_by: integer()
      .notNull()
      .references(() => users.id),
    reporter_name: text().notNull(),
    assigned_to: integer().references(() => users.id),
    is_machine_down: integer({ mode: "boolean" }).notNull().default(false),
    scheduled_date: text(),
    reported_at: text().notNull(),
    acknowledged_at: text(),
    acknowledged_by: integer().references(() => users.id),
    completed_at: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    deleted_at: text(),
    version: integer().notNull().default(1),
  },
  (t) => [
    index("tickets_created_at").on(t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_machine_id").on(t.machine_id, t.created_at),
  ],
);

export const ticket_timeline = sqliteTable(
  "ticket_timeline",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    user_id: integer().references(() => users.id),
    user_name: text(),
    action: text({
      enum: [
        "created",
        "updated",
        "status_changed",
        "assigned",
        "commented",
        "acknowledged",
        "attached",
        "deleted",
        "notified",
        "notification_failed",
      ],
    }).notNull(),
    old_value: text(),
    new_value: text(),
    comment: text(),
    created_at: text().notNull(),
  },
  (t) => [index("ticket_timeline_ticket_id").on(t.ticket_id, t.id)],
);

export const idempotency_keys = sqliteTable(
  "idempotency_keys",
  {
    user_id: integer()
      .notNull()
      .references(() => users.id),
    route: text().notNull(),
    key: text().notNull(),
    request_hash: text().notNull(),
    status: integer().notNull(),
    headers: text().notNull(),
    body: text().notNull(),
    created_at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.route, t.key] })],
);
