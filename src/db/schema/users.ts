// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const users = /* @__PURE__ */ sqliteTable("users", (t) => ({
  id: t.integer().notNull(),
  name: t.text().notNull(),
  email: t.text().notNull(),
  email_verified: t.integer({ mode: "boolean" }).notNull(),
  image: t.text(),
  role: t.text().$type<"operator" | "technician" | "supervisor" | "admin">().notNull(),
  language: t.text().$type<"en" | "fr">(),
  active: t.integer({ mode: "boolean" }).notNull(),
  created_at: t.text().notNull(),
  updated_at: t.text().notNull(),
}));
