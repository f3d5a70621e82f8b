import { users } from "../db/schema.ts";

/** A user as administrators see them. */
export const userColumns = {
  id: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  language: users.language,
  active: users.active,
  created_at: users.created_at,
  updated_at: users.updated_at,
};

/** The same for the RETURNING of a statement that runs in a batch, where D1 takes plain SQL only. */
export const RETURNING_USER = `RETURNING ${Object.keys(userColumns).join(", ")}`;

/** What `RETURNING_USER` gives: SQLite has no booleans. */
export type UserRow = Omit<typeof users.$inferSelect, "active" | "email_verified" | "image"> & { active: number };

export const userFromRow = (row: UserRow) => ({ ...row, active: row.active === 1 });
