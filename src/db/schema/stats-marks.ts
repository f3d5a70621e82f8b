// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const stats_marks = /* @__PURE__ */ sqliteTable("stats_marks", (t) => ({
  first_day: t.text().notNull(),
  last_day: t.text().notNull(),
}));
