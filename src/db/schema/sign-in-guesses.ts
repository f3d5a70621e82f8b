// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const sign_in_guesses = /* @__PURE__ */ sqliteTable("sign_in_guesses", (t) => ({
  subject: t.text().notNull(),
  guesses: t.integer().notNull(),
  free_at: t.text(),
  resets_at: t.text().notNull(),
  known_until: t.text(),
}));
