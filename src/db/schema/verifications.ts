// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const verifications = /* @__PURE__ */ sqliteTable("verifications", (t) => ({
  id: t.integer().notNull(),
  identifier: t.text().notNull(),
  value: t.text().notNull(),
  expires_at: t.text().notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
