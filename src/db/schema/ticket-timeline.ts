// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

type TicketTimelineAction =
  | "created"
  | "updated"
  | "status_changed"
  | "assigned"
  | "commented"
  | "acknowledged"
  | "attached"
  | "deleted"
  | "notified"
  | "notification_failed";

export const ticket_timeline = /* @__PURE__ */ sqliteTable("ticket_timeline", (t) => ({
  ticket_id: t.integer().notNull(),
  id: t.integer().notNull(),
  user_id: t.integer(),
  user_name: t.text(),
  action: t.text().$type<TicketTimelineAction>().notNull(),
  old_value: t.text(),
  new_value: t.text(),
  comment: t.text(),
  created_at: t.text().notNull(),
  occurred_at: t.text(),
}));
