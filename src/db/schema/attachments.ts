// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const attachments = /* @__PURE__ */ sqliteTable("attachments", (t) => ({
  id: t.integer().notNull(),
  ticket_id: t.integer().notNull(),
  user_id: t.integer().notNull(),
  file_name: t.text().notNull(),
  content_type: t.text().notNull(),
  size_bytes: t.integer().notNull(),
  sha256: t.text().notNull(),
  object_key: t.text().notNull(),
  created_at: t.text().notNull(),
  thumbnail_type: t.text(),
  width: t.integer(),
  height: t.integer(),
}));
