// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const expired_push_endpoints = /* @__PURE__ */ sqliteTable("expired_push_endpoints", (t) => ({
  endpoint_digest: t.text().notNull(),
  expired_at: t.text().notNull(),
}));
