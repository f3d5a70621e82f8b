// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const search_edits = /* @__PURE__ */ sqliteTable("search_edits", (t) => ({
  id: t.integer().notNull(),
  ticket_id: t.integer().notNull(),
}));
