// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const contact_methods = /* @__PURE__ */ sqliteTable("contact_methods", (t) => ({
  id: t.integer().notNull(),
  customer_id: t.integer().notNull(),
  kind: t.text().$type<"phone" | "sms" | "whatsapp" | "email">().notNull(),
  value: t.text().notNull(),
  is_primary: t.integer({ mode: "boolean" }).notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
