// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const webhook_endpoints = /* @__PURE__ */ sqliteTable("webhook_endpoints", (t) => ({
  id: t.integer().notNull(),
  url: t.text().notNull(),
  description: t.text(),
  events: t.text().notNull(),
  active: t.integer({ mode: "boolean" }).notNull(),
  secret: t.text().notNull(),
  previous_secret: t.text(),
  previous_secret_until: t.text(),
  failing_since: t.text(),
  disabled_reason: t.text().$type<"gone" | "failing">(),
  source: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
  deleted_at: t.text(),
}));
