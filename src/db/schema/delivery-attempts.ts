// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const delivery_attempts = /* @__PURE__ */ sqliteTable("delivery_attempts", (t) => ({
  delivery_id: t.integer().notNull(),
  id: t.integer().notNull(),
  generation: t.integer().notNull(),
  attempt: t.integer().notNull(),
  started_at: t.text().notNull(),
  duration_ms: t.integer().notNull(),
  http_status: t.integer(),
  error: t.text(),
  response: t.text(),
}));
