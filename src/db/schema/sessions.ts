// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const sessions = /* @__PURE__ */ sqliteTable("sessions", (t) => ({
  id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  token: t.text().notNull(),
  expires_at: t.text().notNull(),
  ip_address: t.text(),
  user_agent: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
