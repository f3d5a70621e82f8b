import { sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const customers = sqliteTable("customers", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  company: text(),
  email: text(),
  phone: text(),
  whatsapp: text(),
  language: text({ enum: ["en", "fr"] }),
  notes: text(),
  version: integer().notNull().default(1),
  created_at: text().notNull(),
  updated_at: text().notNull(),
  archived_at: text(),
  erased_at: text(),
  name_words: text().notNull().default(""),
  company_words: text().notNull().default(""),
  search_text: text().generatedAlwaysAs(sql`name_words || company_words`),
});
