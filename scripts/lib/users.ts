import { hashPassword } from "../../src/auth/password.ts";
import type { Role } from "../../src/vocabulary/roles.ts";

export interface NewUser {
  email: string;
  name: string;
  role: Role;
  language?: "en" | "fr";
  password: string;
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** SQL that adds a person who can sign in, as better-auth itself would store them. Nothing happens if the e-mail is taken. */
export async function insertUserSql(user: NewUser, now = new Date().toISOString()): Promise<string[]> {
  const email = quote(user.email.toLowerCase());
  const language = user.language ? quote(user.language) : "NULL";
  const hash = quote(await hashPassword(user.password));
  return [
    `INSERT INTO users (name, email, email_verified, role, language, created_at, updated_at)
     VALUES (${quote(user.name)}, ${email}, 1, ${quote(user.role)}, ${language}, '${now}', '${now}')
     ON CONFLICT (email) DO NOTHING`,
    `INSERT INTO accounts (user_id, account_id, provider_id, password, created_at, updated_at)
     SELECT id, CAST(id AS TEXT), 'credential', ${hash}, '${now}', '${now}' FROM users WHERE email = ${email}
     ON CONFLICT (provider_id, account_id) DO NOTHING`,
  ];
}
