// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const email_messages = /* @__PURE__ */ sqliteTable("email_messages", (t) => ({
  id: t.integer().notNull(),
  tracking_id: t.text().notNull(),
  ticket_id: t.integer().notNull(),
  user_id: t.integer(),
  template: t.text().$type<"message" | "received" | "started" | "waiting_parts" | "completed">().notNull(),
  subject: t.text().notNull(),
  body: t.text(),
  origin: t.text().notNull(),
  created_at: t.text().notNull(),
}));
