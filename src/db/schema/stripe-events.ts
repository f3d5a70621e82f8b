// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const stripe_events = /* @__PURE__ */ sqliteTable("stripe_events", (t) => ({
  id: t.text().notNull(),
  type: t.text().notNull(),
  object_id: t.text(),
  created: t.integer().notNull(),
  receipt: t.text().notNull(),
  received_at: t.text().notNull(),
}));
