// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const email_history = /* @__PURE__ */ sqliteTable("email_history", (t) => ({
  id: t.integer().notNull(),
  tracking_id: t.text().notNull(),
  token: t.text().notNull(),
  recipient: t.text().notNull(),
  recipient_name: t.text(),
  customer_id: t.integer(),
  language: t.text().$type<"en" | "fr">().notNull(),
  status: t.text().$type<"queued" | "sent" | "failed" | "suppressed">().notNull(),
  reason: t.text(),
  message_id: t.text(),
  sent_at: t.text(),
  opened_at: t.text(),
  open_count: t.integer().notNull(),
  opened_by: t.text().$type<"person" | "machine" | "unknown">(),
  created_at: t.text().notNull(),
}));
