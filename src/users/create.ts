import { hashPassword } from "../auth/password.ts";
import { refuseWeakPassword } from "../auth/password-rules.ts";
import type { ActorContext } from "../context.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { storePassword } from "./credential.ts";
import { userColumns } from "./row.ts";
import type { CreateUserInput } from "./schemas.ts";

const NEWEST = selectAnswer("user", userColumns, `users WHERE id = ${newestId("users")}`);

/**
 * Adds an account that can sign in at once (contract section 2), once per idempotency key. The administrator vouches
 * for the e-mail address.
 *
 * @returns 201 with `{"user": ...}`.
 * @throws AppError as `refuseWeakPassword` does; `email_taken`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function createUser(
  ctx: ActorContext,
  input: CreateUserInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  refuseWeakPassword(input.password, input);
  const hash = await hashPassword(input.password);
  const insert = ctx.env.DB.prepare(
    `INSERT INTO users (name, email, email_verified, role, language, created_at, updated_at)
     VALUES (?1, ?2, 1, ?3, ?4, ?5, ?5)`,
  ).bind(input.name, input.email, input.role, input.language, ctx.now().toISOString());
  return batchOnce(ctx, record, {
    status: 201,
    statements: [insert, storePassword(ctx, null, hash)],
    select: NEWEST,
    refusal: (error) => (isUniqueViolation(error, "users.email") ? "email_taken" : null),
  });
}
