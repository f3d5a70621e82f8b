// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const ticket_terms = /* @__PURE__ */ sqliteTable("ticket_terms", (t) => ({
  term: t.text().notNull(),
  ticket_id: t.integer().notNull(),
}));
