// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

type TicketsStatus =
  | "received"
  | "diagnostic"
  | "in_progress"
  | "waiting_parts"
  | "completed"
  | "cancelled"
  | "archived";

export const tickets = /* @__PURE__ */ sqliteTable("tickets", (t) => ({
  id: t.integer().notNull(),
  ticket_id: t.text().notNull(),
  title: t.text().notNull(),
  description: t.text(),
  status: t.text().$type<TicketsStatus>().notNull(),
  priority: t.text().$type<"low" | "medium" | "high" | "critical">().notNull(),
  machine_id: t.integer().notNull(),
  customer_id: t.integer(),
  reported_by: t.integer().notNull(),
  reporter_name: t.text().notNull(),
  assigned_to: t.integer(),
  is_machine_down: t.integer({ mode: "boolean" }).notNull(),
  scheduled_date: t.text(),
  reported_at: t.text().notNull(),
  acknowledged_at: t.text(),
  acknowledged_by: t.integer(),
  completed_at: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
  deleted_at: t.text(),
  version: t.integer().notNull(),
  machine_type_id: t.integer(),
  priority_rank: t.integer(),
  is_open: t.integer(),
  overdue_notified_for: t.text(),
  escalated_at: t.text(),
  search_text: t.text().notNull(),
}));
