import { hashPassword } from "../auth/password.ts";
import { refuseWeakPassword } from "../auth/password-rules.ts";
import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { selectAnswer } from "../db/json.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { storePassword } from "./credential.ts";
import { getUser } from "./read.ts";
import { userColumns } from "./row.ts";
import type { UpdateUserInput } from "./schemas.ts";

// ?1 the user, ?2 the new role or null, ?3 the new `active` or null, ?4 whether there is a new password.
// Asked before the user's row changes: the role that they have already is no change.
const WHOSE_SESSIONS_END = `(
  SELECT id FROM users WHERE id = ?1 AND (?4 = 1 OR ?3 = 0 OR role <> COALESCE(?2, role)))`;

// Signing out of a device silences it. A disabled account has no devices at all, whoever registered them.
const FORGET_DEVICES = `
  DELETE FROM push_subscriptions WHERE user_id = ${WHOSE_SESSIONS_END} AND (session_id IS NOT NULL OR ?3 = 0)`;

const END_SESSIONS = `DELETE FROM sessions WHERE user_id = ${WHOSE_SESSIONS_END}`;

// The last active administrator loses neither the role nor the account: then there is no new role, NOT NULL refuses the
// row, and the whole batch is undone. Asked inside the batch, so that of two administrators who demote each other one
// remains.
const UPDATE_USER = `
  UPDATE users SET
    name = COALESCE(?4, name),
    role = CASE
      WHEN role = 'admin' AND active = 1 AND (COALESCE(?2, role) <> 'admin' OR ?3 = 0)
           AND NOT EXISTS (SELECT 1 FROM users other WHERE other.id <> users.id AND other.role = 'admin' AND other.active = 1)
      THEN NULL
      ELSE COALESCE(?2, role) END,
    active = COALESCE(?3, active),
    language = iif(?5 = 1, ?6, language),
    updated_at = ?7
  WHERE id = ?1`;

const CHANGED = selectAnswer("user", userColumns, "users WHERE id = ?");

/**
 * Changes a user (contract section 2). Disabling them, another role and a new password end their sessions in the same
 * batch, and with each session the devices it had registered. Disabling ends their API keys too: a key that came back
 * to life with the person would be one that nobody remembers. Once per idempotency key.
 *
 * @returns 200 with `{"user": ...}`.
 * @throws AppError as `refuseWeakPassword` does; `user_not_found`, `last_admin`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function updateUser(
  ctx: ActorContext,
  id: number,
  input: UpdateUserInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const { name = null, role = null, language, password } = input;
  const active = input.active === undefined ? null : Number(input.active);
  const hash = password === undefined ? null : await hashPassword(password);
  const { DB } = ctx.env;
  const ending = [id, role, active, hash === null ? 0 : 1];
  const update = DB.prepare(UPDATE_USER).bind(
    id,
    role,
    active,
    name,
    language === undefined ? 0 : 1,
    language ?? null,
    ctx.now().toISOString(),
  );
  return batchOnce(ctx, record, {
    status: 200,
    statements: async () => {
      if (password !== undefined) {
        const owner = await getUser(ctx, id);
        refuseWeakPassword(password, { email: owner.email, name: name ?? owner.name });
      }
      return [
        DB.prepare(FORGET_DEVICES).bind(...ending),
        DB.prepare(END_SESSIONS).bind(...ending),
        ...(active === 0 ? [DB.prepare("DELETE FROM api_keys WHERE user_id = ?").bind(id)] : []),
        ...(hash === null ? [] : [storePassword(ctx, id, hash)]),
        update,
      ];
    },
    select: CHANGED,
    params: [id],
    missing: "user_not_found",
    refusal: (error) => (isNotNullViolation(error, "users.role") ? "last_admin" : null),
  });
}
