// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const ticket_counters = /* @__PURE__ */ sqliteTable("ticket_counters", (t) => ({
  code: t.text().notNull(),
  month: t.text().notNull(),
  last_number: t.integer().notNull(),
}));
