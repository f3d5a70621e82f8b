// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const accounts = /* @__PURE__ */ sqliteTable("accounts", (t) => ({
  id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  account_id: t.text().notNull(),
  provider_id: t.text().notNull(),
  password: t.text(),
  access_token: t.text(),
  refresh_token: t.text(),
  id_token: t.text(),
  access_token_expires_at: t.text(),
  refresh_token_expires_at: t.text(),
  scope: t.text(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
