import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, unique, uniqueIndex } from "drizzle-orm/sqlite-core";
import { customers } from "./customers.ts";
import { users } from "./people.ts";
import { tickets } from "./tickets.ts";

export const contact_methods = sqliteTable(
  "contact_methods",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    customer_id: integer()
      .notNull()
      .references(() => customers.id),
    kind: text({ enum: ["phone", "sms", "whatsapp", "email"] }).notNull(),
    value: text().notNull(),
    is_primary: integer({ mode: "boolean" }).notNull().default(false),
    created_at: text().notNull(),
    updated_at: text().notNull(),
  },
  (t) => [
    unique().on(t.customer_id, t.kind, t.value),
    uniqueIndex("contact_methods_primary").on(t.customer_id, t.kind).where(sql`is_primary = 1`),
    index("contact_methods_value").on(t.value),
  ],
);

export const contact_preferences = sqliteTable("contact_preferences", {
  customer_id: integer()
    .primaryKey()
    .references(() => customers.id),
  preferred_channel: text({ enum: ["phone", "sms", "whatsapp", "email"] })
    .notNull()
    .default("email"),
  allow_email: integer({ mode: "boolean" }).notNull().default(true),
  allow_sms: integer({ mode: "boolean" }).notNull().default(true),
  allow_whatsapp: integer({ mode: "boolean" }).notNull().default(true),
  allow_phone: integer({ mode: "boolean" }).notNull().default(true),
  quiet_from: text(),
  quiet_until: text(),
  updated_at: text().notNull(),
});

export const contact_history = sqliteTable(
  "contact_history",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    customer_id: integer()
      .notNull()
      .references(() => customers.id),
    ticket_id: integer().references(() => tickets.id),
    user_id: integer().references(() => users.id),
    channel: text({ enum: ["phone", "sms", "whatsapp", "email", "in_person"] }).notNull(),
    direction: text({ enum: ["outbound", "inbound"] }).notNull(),
    summary: text().notNull(),
    value: text(),
    created_at: text().notNull(),
  },
  (t) => [
    index("contact_history_customer_id").on(t.customer_id, t.id),
    index("contact_history_ticket_id").on(t.ticket_id).where(sql`ticket_id IS NOT NULL`),
  ],
);
