// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const customers = /* @__PURE__ */ sqliteTable("customers", (t) => ({
  id: t.integer().notNull(),
  name: t.text().notNull(),
  company: t.text(),
  email: t.text(),
  phone: t.text(),
  whatsapp: t.text(),
  language: t.text().$type<"en" | "fr">(),
  notes: t.text(),
  version: t.integer().notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
  archived_at: t.text(),
  name_words: t.text().notNull(),
  company_words: t.text().notNull(),
  search_text: t.text(),
  erased_at: t.text(),
}));
