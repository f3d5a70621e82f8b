// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const contact_preferences = /* @__PURE__ */ sqliteTable("contact_preferences", (t) => ({
  customer_id: t.integer().notNull(),
  preferred_channel: t.text().$type<"phone" | "sms" | "whatsapp" | "email">().notNull(),
  allow_email: t.integer({ mode: "boolean" }).notNull(),
  allow_sms: t.integer({ mode: "boolean" }).notNull(),
  allow_whatsapp: t.integer({ mode: "boolean" }).notNull(),
  allow_phone: t.integer({ mode: "boolean" }).notNull(),
  quiet_from: t.text(),
  quiet_until: t.text(),
  updated_at: t.text().notNull(),
}));
