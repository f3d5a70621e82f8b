import { hashPassword } from "../auth/password.ts";
import type { Context } from "../context.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { AppError } from "../problem.ts";
import { storePassword } from "./credential.ts";
import { RETURNING_USER, type UserRow, userFromRow } from "./row.ts";
import type { CreateUserInput } from "./schemas.ts";

/**
 * Adds an account that can sign in at once (contract section 2). The administrator vouches for the e-mail address.
 *
 * @throws AppError `email_taken`.
 */
export async function createUser(ctx: Context, input: CreateUserInput) {
  const hash = await hashPassword(input.password);
  const { DB } = ctx.env;
  const [inserted] = await DB.batch<UserRow>([
    DB.prepare(
      `INSERT INTO users (name, email, email_verified, role, language, created_at, updated_at)
       VALUES (?1, ?2, 1, ?3, ?4, ?5, ?5) ${RETURNING_USER}`,
    ).bind(input.name, input.email, input.role, input.language, ctx.now().toISOString()),
    storePassword(ctx, null, hash),
  ]).catch((error: unknown): never => {
    throw isUniqueViolation(error, "users.email") ? new AppError("email_taken") : error;
  });
  return userFromRow(inserted?.results[0] as UserRow);
}
