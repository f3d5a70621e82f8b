// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const stats_days = /* @__PURE__ */ sqliteTable("stats_days", (t) => ({
  starts_at: t.text().notNull(),
  ends_at: t.text().notNull(),
  time_zone: t.text().notNull(),
  is_stale: t.integer({ mode: "boolean" }).notNull(),
  machines: t.text(),
}));
