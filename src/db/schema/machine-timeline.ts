// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const machine_timeline = /* @__PURE__ */ sqliteTable("machine_timeline", (t) => ({
  machine_id: t.integer().notNull(),
  id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  user_name: t.text().notNull(),
  old_value: t.text().notNull(),
  new_value: t.text().notNull(),
  cause: t.text().$type<"person" | "tickets">().notNull(),
  ticket_id: t.integer(),
  comment: t.text(),
  created_at: t.text().notNull(),
}));
