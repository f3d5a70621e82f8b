import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { users } from "./people.ts";

export const machine_types = sqliteTable("machine_types", {
  id: integer().primaryKey({ autoIncrement: true }),
  code: text().notNull().unique(),
  name: text().notNull(),
  created_at: text().notNull(),
  updated_at: text().notNull(),
});

export const machines = sqliteTable(
  "machines",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    machine_type_id: integer()
      .notNull()
      .references(() => machine_types.id),
    name: text().notNull(),
    model: text(),
    serial_number: text().unique(),
    location: text(),
    status: text({ enum: ["operational", "maintenance", "out_of_service"] })
      .notNull()
      .default("operational"),
    qr_token: text().notNull().unique(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    retired_at: text(),
  },
  (t) => [index("machines_machine_type_id").on(t.machine_type_id)],
);

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
});

export const ticket_counters = sqliteTable(
  "ticket_counters",
  {
    code: text().notNull(),
    month: text().notNull(),
    last_number: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.code, t.month] })],
);

export const tickets = sqliteTable(
  "tickets",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    ticket_id: text().notNull().unique(),
    title: text().notNull(),
    description: text(),
    status: text({
      enum: ["received", "diagnostic", "in_progress", "waiting_parts", "completed", "cancelled", "archived"],
    })
      .notNull()
      .default("received"),
    priority: text({ enum: ["low", "medium", "high", "critical"] })
      .notNull()
      .default("medium"),
    machine_id: integer()
      .notNull()
      .references(() => machines.id),
    customer_id: integer().references(() => customers.id),
    reported_by: integer()
      .notNull()
      .references(() => users.id),
    reporter_name: text().notNull(),
    assigned_to: integer().references(() => users.id),
    is_machine_down: integer({ mode: "boolean" }).notNull().default(false),
    scheduled_date: text(),
    reported_at: text().notNull(),
    acknowledged_at: text(),
    acknowledged_by: integer().references(() => users.id),
    completed_at: text(),
    created_at: text().notNull(),
    updated_at: text().notNull(),
    deleted_at: text(),
    version: integer().notNull().default(1),
  },
  (t) => [
    index("tickets_created_at").on(t.created_at, t.id),
    index("tickets_machine_id").on(t.machine_id, t.created_at),
  ],
);

export const ticket_timeline = sqliteTable(
  "ticket_timeline",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    user_id: integer().references(() => users.id),
    user_name: text(),
    action: text({
      enum: [
        "created",
        "updated",
        "status_changed",
        "assigned",
        "commented",
        "acknowledged",
        "attached",
        "deleted",
        "notified",
        "notification_failed",
      ],
    }).notNull(),
    old_value: text(),
    new_value: text(),
    comment: text(),
    created_at: text().notNull(),
  },
  (t) => [index("ticket_timeline_ticket_id").on(t.ticket_id, t.id)],
);
