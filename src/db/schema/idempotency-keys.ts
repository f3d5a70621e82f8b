// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const idempotency_keys = /* @__PURE__ */ sqliteTable("idempotency_keys", (t) => ({
  id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  route: t.text().notNull(),
  key: t.text().notNull(),
  request_hash: t.text().notNull(),
  status: t.integer().notNull(),
  headers: t.text().notNull(),
  body: t.text().notNull(),
  created_at: t.text().notNull(),
  claimed_until: t.text(),
}));
