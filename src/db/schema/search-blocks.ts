// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const search_blocks = /* @__PURE__ */ sqliteTable("search_blocks", (t) => ({
  id: t.integer().notNull(),
  level: t.integer().notNull(),
  up_to: t.integer().notNull(),
}));
