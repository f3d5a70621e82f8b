import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, unique } from "drizzle-orm/sqlite-core";
import { customers } from "./customers.ts";
import { users } from "./people.ts";
import { tickets } from "./tickets.ts";

export const email_messages = sqliteTable(
  "email_messages",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    tracking_id: text().notNull().unique(),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    user_id: integer().references(() => users.id),
    template: text({ enum: ["message", "received", "started", "waiting_parts", "completed"] }).notNull(),
    subject: text().notNull(),
    body: text(),
    origin: text().notNull(),
    created_at: text().notNull(),
  },
  (t) => [index("email_messages_ticket_id").on(t.ticket_id, t.id)],
);

export const email_history = sqliteTable(
  "email_history",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    tracking_id: text()
      .notNull()
      .references(() => email_messages.tracking_id),
    token: text().notNull().unique(),
    recipient: text().notNull(),
    recipient_name: text(),
    customer_id: integer().references(() => customers.id),
    language: text({ enum: ["en", "fr"] }).notNull(),
    status: text({ enum: ["queued", "sent", "failed", "suppressed"] }).notNull(),
    reason: text(),
    message_id: text(),
    sent_at: text(),
    opened_at: text(),
    open_count: integer().notNull().default(0),
    opened_by: text({ enum: ["person", "machine", "unknown"] }),
    created_at: text().notNull(),
  },
  (t) => [
    unique().on(t.recipient, t.tracking_id),
    index("idx_email_history_tracking_id").on(t.tracking_id),
    index("idx_email_history_tracking_sent").on(t.tracking_id, t.sent_at),
    index("email_history_customer_id").on(t.customer_id).where(sql`customer_id IS NOT NULL`),
  ],
);

export const email_opt_outs = sqliteTable("email_opt_outs", {
  address_digest: text().primaryKey(),
  created_at: text().notNull(),
});
