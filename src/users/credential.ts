import type { Context } from "../context.ts";
import { newestId } from "../db/insert.ts";

/** better-auth's name for signing in with a password. */
const PROVIDER = "credential";

/**
 * A statement that gives a user this password, in the row that better-auth signs in by.
 *
 * @param userId null: the user whom the statement before has inserted.
 */
export function storePassword(ctx: Context, userId: number | null, hash: string): D1PreparedStatement {
  const now = ctx.now().toISOString();
  return ctx.env.DB.prepare(
    `INSERT INTO accounts (user_id, account_id, provider_id, password, created_at, updated_at)
     SELECT id, CAST(id AS TEXT), '${PROVIDER}', ?1, ?2, ?2 FROM users WHERE id = COALESCE(?3, ${newestId("users")})
     ON CONFLICT (provider_id, account_id) DO UPDATE SET password = excluded.password, updated_at = excluded.updated_at`,
  ).bind(hash, now, userId);
}

/** A statement that replaces a password if it is still the one that `oldHash` was made from. */
export function replacePassword(ctx: Context, userId: number, oldHash: string, hash: string): D1PreparedStatement {
  return ctx.env.DB.prepare(
    `UPDATE accounts SET password = ?, updated_at = ?
     WHERE user_id = ? AND provider_id = '${PROVIDER}' AND password = ?`,
  ).bind(hash, ctx.now().toISOString(), userId, oldHash);
}

/** SQL: the password of the user `?` is the one with the hash `?`. A hash is salted, so it is never anybody else's. */
export const HAS_PASSWORD = `EXISTS (SELECT 1 FROM accounts a
  WHERE a.user_id = ? AND a.provider_id = '${PROVIDER}' AND a.password = ?)`;

/** A query of the hash of a user's password: `{password}`. */
export const selectPasswordHash = (ctx: Context, userId: number): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `SELECT password FROM accounts WHERE user_id = ? AND provider_id = '${PROVIDER}' AND password IS NOT NULL LIMIT 1`,
  ).bind(userId);
