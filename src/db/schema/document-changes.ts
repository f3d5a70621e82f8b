// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const document_changes = /* @__PURE__ */ sqliteTable("document_changes", (t) => ({
  seq: t.integer().notNull(),
  ticket_id: t.integer(),
  machine_id: t.integer(),
  user_id: t.integer(),
}));
