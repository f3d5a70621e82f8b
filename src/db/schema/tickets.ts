import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { customers } from "./customers.ts";
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
    search_text: text().notNull().default(""),
    set_status: text({ enum: ["maintenance", "out_of_service"] }),
    set_by: integer().references(() => users.id),
    set_reason: text(),
    status_since: text(),
    status_cause: text()
      .$type<"person" | "tickets">()
      .generatedAlwaysAs(
        sql`CASE WHEN status = 'operational' THEN NULL WHEN status = set_status THEN 'person' ELSE 'tickets' END`,
      ),
  },
  (t) => [index("machines_machine_type_id").on(t.machine_type_id)],
);

export const machine_timeline = sqliteTable(
  "machine_timeline",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    machine_id: integer()
      .notNull()
      .references(() => machines.id),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    user_name: text().notNull(),
    old_value: text().notNull(),
    new_value: text().notNull(),
    cause: text({ enum: ["person", "tickets"] }).notNull(),
    ticket_id: integer().references(() => tickets.id),
    comment: text(),
    created_at: text().notNull(),
  },
  (t) => [index("machine_timeline_machine_id").on(t.machine_id, t.id)],
);

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
    machine_type_id: integer().references(() => machine_types.id),
    priority_rank: integer().generatedAlwaysAs(
      sql`CASE priority WHEN 'critical' THEN 3 WHEN 'high' THEN 2 WHEN 'medium' THEN 1 ELSE 0 END`,
    ),
    is_open: integer().generatedAlwaysAs(
      sql`status IN ('received', 'diagnostic', 'in_progress', 'waiting_parts') AND deleted_at IS NULL`,
    ),
    overdue_notified_for: text(),
    escalated_at: text(),
    search_text: text().notNull().default(""),
  },
  (t) => [
    index("tickets_created_at").on(t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_updated_at").on(t.updated_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_priority").on(t.priority_rank, t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_status").on(t.status, t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_status_updated").on(t.status, t.updated_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_machine").on(t.machine_id, t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_machine_type").on(t.machine_type_id, t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_reporter").on(t.reported_by, t.created_at, t.id).where(sql`deleted_at IS NULL`),
    index("tickets_assignee")
      .on(t.assigned_to, t.created_at, t.id)
      .where(sql`assigned_to IS NOT NULL AND deleted_at IS NULL`),
    index("tickets_unassigned").on(t.created_at, t.id).where(sql`assigned_to IS NULL AND deleted_at IS NULL`),
    index("tickets_customer").on(t.customer_id, t.created_at, t.id).where(sql`customer_id IS NOT NULL`),
    index("tickets_completed").on(t.completed_at).where(sql`completed_at IS NOT NULL AND deleted_at IS NULL`),
    index("tickets_queue").on(t.assigned_to).where(sql`assigned_to IS NOT NULL AND is_open = 1`),
    index("tickets_down").on(t.machine_id).where(sql`is_machine_down = 1 AND is_open = 1`),
    index("tickets_scheduled").on(t.scheduled_date).where(sql`scheduled_date IS NOT NULL AND is_open = 1`),
    index("tickets_unacknowledged")
      .on(t.created_at)
      .where(sql`priority = 'critical' AND acknowledged_at IS NULL AND escalated_at IS NULL AND is_open = 1`),
  ],
);

export const ticket_terms = sqliteTable(
  "ticket_terms",
  {
    term: text().notNull(),
    ticket_id: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.term, t.ticket_id] })],
);

export const attachments = sqliteTable(
  "attachments",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    ticket_id: integer()
      .notNull()
      .references(() => tickets.id),
    user_id: integer()
      .notNull()
      .references(() => users.id),
    file_name: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    sha256: text().notNull(),
    object_key: text().notNull().unique(),
    created_at: text().notNull(),
  },
  (t) => [index("attachments_ticket_id").on(t.ticket_id, t.id)],
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
