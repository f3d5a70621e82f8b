// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const channel_pauses = /* @__PURE__ */ sqliteTable("channel_pauses", (t) => ({
  channel: t.text().$type<"push" | "webhook" | "email" | "stripe">().notNull(),
  reason: t.text().$type<"authentication" | "permission">().notNull(),
  credential: t.text().notNull(),
  since: t.text().notNull(),
  probe_at: t.text().notNull(),
  probe_delivery_id: t.integer(),
}));
