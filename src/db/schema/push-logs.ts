// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const push_logs = /* @__PURE__ */ sqliteTable("push_logs", (t) => ({
  id: t.integer().notNull(),
  delivery_id: t.integer().notNull(),
  generation: t.integer().notNull(),
  ticket_id: t.integer(),
  user_id: t.integer().notNull(),
  subscription_id: t.integer(),
  status: t.text().$type<"success" | "failed" | "expired" | "no_device">().notNull(),
  http_status: t.integer(),
  error_message: t.text(),
  not_before: t.text(),
  attempt: t.integer().notNull(),
  created_at: t.text().notNull(),
}));
