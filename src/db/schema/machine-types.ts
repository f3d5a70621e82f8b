// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const machine_types = /* @__PURE__ */ sqliteTable("machine_types", (t) => ({
  id: t.integer().notNull(),
  code: t.text().notNull(),
  name: t.text().notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
