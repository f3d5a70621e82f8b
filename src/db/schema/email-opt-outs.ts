// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const email_opt_outs = /* @__PURE__ */ sqliteTable("email_opt_outs", (t) => ({
  address_digest: t.text().notNull(),
  created_at: t.text().notNull(),
}));
