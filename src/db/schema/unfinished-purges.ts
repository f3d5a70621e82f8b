// Generated from migrations/ by `npm run db:schema`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const unfinished_purges = /* @__PURE__ */ sqliteTable("unfinished_purges", (t) => ({
  name: t.text().notNull(),
  since: t.text().notNull(),
}));
