// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const machines = /* @__PURE__ */ sqliteTable("machines", (t) => ({
  id: t.integer().notNull(),
  machine_type_id: t.integer().notNull(),
  name: t.text().notNull(),
  model: t.text(),
  serial_number: t.text(),
  location: t.text(),
  status: t.text().$type<"operational" | "maintenance" | "out_of_service">().notNull(),
  qr_token: t.text().notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
  retired_at: t.text(),
  search_text: t.text().notNull(),
  set_status: t.text().$type<"maintenance" | "out_of_service">(),
  set_by: t.integer(),
  set_reason: t.text(),
  status_since: t.text(),
  status_cause: t.text().$type<"person" | "tickets">(),
}));
