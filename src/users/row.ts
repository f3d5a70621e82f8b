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
