// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const customer_blocks = /* @__PURE__ */ sqliteTable("customer_blocks", (t) => ({
  block: t.integer().notNull(),
  words: t.text().notNull(),
}));
