// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const deliveries = /* @__PURE__ */ sqliteTable("deliveries", (t) => ({
  id: t.integer().notNull(),
  channel: t.text().$type<"push" | "webhook" | "email" | "stripe">().notNull(),
  target: t.text().notNull(),
  subject: t.text().notNull(),
  event_type: t.text().notNull(),
  payload: t.text().notNull(),
  status: t.text().$type<"pending" | "processing" | "completed" | "failed">().notNull(),
  attempts: t.integer().notNull(),
  next_attempt_at: t.text(),
  lease_token: t.text(),
  lease_until: t.text(),
  generation: t.integer().notNull(),
  claimed_generation: t.integer(),
  last_error: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
  completed_at: t.text(),
}));
