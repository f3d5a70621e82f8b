// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const push_subscriptions = /* @__PURE__ */ sqliteTable("push_subscriptions", (t) => ({
  id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  session_id: t.integer(),
  endpoint: t.text().notNull(),
  p256dh: t.text().notNull(),
  auth: t.text().notNull(),
  device_name: t.text(),
  created_at: t.text().notNull(),
  last_used_at: t.text().notNull(),
}));
