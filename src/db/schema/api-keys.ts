// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const api_keys = /* @__PURE__ */ sqliteTable("api_keys", (t) => ({
  id: t.integer().notNull(),
  config_id: t.text().notNull(),
  name: t.text(),
  start: t.text(),
  prefix: t.text(),
  key: t.text().notNull(),
  user_id: t.integer().notNull(),
  refill_interval: t.integer(),
  refill_amount: t.integer(),
  last_refill_at: t.text(),
  enabled: t.integer({ mode: "boolean" }).notNull(),
  rate_limit_enabled: t.integer({ mode: "boolean" }).notNull(),
  rate_limit_time_window: t.integer(),
  rate_limit_max: t.integer(),
  request_count: t.integer().notNull(),
  remaining: t.integer(),
  last_request: t.text(),
  expires_at: t.text(),
  permissions: t.text(),
  metadata: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
