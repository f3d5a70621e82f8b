// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const stripe_creations = /* @__PURE__ */ sqliteTable("stripe_creations", (t) => ({
  customer_id: t.integer().notNull(),
  idempotency_key: t.text().notNull(),
  parameters: t.text().notNull(),
  is_spent: t.integer({ mode: "boolean" }).notNull(),
  first_tried_at: t.text().notNull(),
  last_tried_at: t.text().notNull(),
}));
