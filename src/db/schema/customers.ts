import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const customers = sqliteTable(
  "customers",
  {
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
    // The expression in full is the migration's; here it says that nobody writes the column.
    search_text: text().generatedAlwaysAs(sql`name_words || company_words || email || phone || whatsapp`),
  },
  (t) => [index("customers_archived").on(t.id).where(sql`archived_at IS NOT NULL`)],
);
