import { index, integer, primaryKey, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";

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
    claimed_until: text(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.route, t.key] })],
);
