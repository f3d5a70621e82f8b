// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const external_links = /* @__PURE__ */ sqliteTable("external_links", (t) => ({
  kind: t.text().$type<"stripe_customer">().notNull(),
  local_id: t.integer().notNull(),
  remote_id: t.text().notNull(),
  linked_at: t.text().notNull(),
}));
