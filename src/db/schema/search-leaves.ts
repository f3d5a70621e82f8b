// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const search_leaves = /* @__PURE__ */ sqliteTable("search_leaves", (t) => ({
  block_id: t.integer().notNull(),
  first_word: t.text().notNull(),
  entries: t.text().notNull(),
}));
