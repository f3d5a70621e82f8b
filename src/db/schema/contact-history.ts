// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const contact_history = /* @__PURE__ */ sqliteTable("contact_history", (t) => ({
  id: t.integer().notNull(),
  customer_id: t.integer().notNull(),
  ticket_id: t.integer(),
  user_id: t.integer(),
  channel: t.text().$type<"phone" | "sms" | "whatsapp" | "email" | "in_person">().notNull(),
  direction: t.text().$type<"outbound" | "inbound">().notNull(),
  summary: t.text().notNull(),
  value: t.text(),
  created_at: t.text().notNull(),
}));
