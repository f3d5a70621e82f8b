import { hashPassword, verifyPassword } from "../auth/password.ts";
import { throttleAccount } from "../auth/throttle.ts";
import type { ActorContext } from "../context.ts";
import type { users } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import { HAS_PASSWORD, readPasswordHash, replacePassword } from "./credential.ts";
import type { UpdateMeInput } from "./schemas.ts";

type Me = Pick<typeof users.$inferSelect, "id" | "name" | "email" | "role" | "language">;

/** Checks the current password as strictly as a sign-in; returns its hash and that of the new one. */
async function passwordChange(ctx: ActorContext, current: string, next: string) {
  const oldHash = await readPasswordHash(ctx, ctx.actor.id);
  if (oldHash === null || !(await verifyPassword({ hash: oldHash, password: current }))) {
    throw new AppError("wrong_password");
  }
  return { oldHash, hash: await hashPassword(next) };
}

/**
 * Changes one's own name, language or password (contract section 2). A new password ends all one's other sessions, and
 * with each the devices it had registered; this session stays.
 *
 * @throws AppError `forbidden` when an API key would set a password; `wrong_password` when `current_password` is
 *   missing, wrong, or was changed meanwhile; `too_many_requests`.
 */
export async function updateMe(ctx: ActorContext, input: UpdateMeInput): Promise<Me> {
  const { id, sessionId, email } = ctx.actor;
  const { DB } = ctx.env;
  const statements: D1PreparedStatement[] = [];
  let permitted = { sql: "1", params: [] as unknown[] };

  if (input.password !== undefined) {
    if (sessionId === null) throw new AppError("forbidden", { params: { permission: "password:change" } });
    await throttleAccount(ctx, email);
    const { oldHash, hash } = await passwordChange(ctx, input.current_password ?? "", input.password);
    // Only whoever replaced the very password that was checked goes on.
    permitted = { sql: HAS_PASSWORD, params: [id, hash] };
    statements.push(
      replacePassword(ctx, id, oldHash, hash),
      DB.prepare(`DELETE FROM push_subscriptions WHERE user_id = ? AND session_id <> ? AND ${HAS_PASSWORD}`).bind(
        id,
        sessionId,
        id,
        hash,
      ),
      DB.prepare(`DELETE FROM sessions WHERE user_id = ? AND id <> ? AND ${HAS_PASSWORD}`).bind(
        id,
        sessionId,
        id,
        hash,
      ),
    );
  }

  statements.push(
    DB.prepare(
      `UPDATE users SET name = COALESCE(?, name), language = iif(? = 1, ?, language), updated_at = ?
       WHERE id = ? AND ${permitted.sql} RETURNING id, name, email, role, language`,
    ).bind(
      input.name ?? null,
      input.language === undefined ? 0 : 1,
      input.language ?? null,
      ctx.now().toISOString(),
      id,
      ...permitted.params,
    ),
  );
  const results = await DB.batch<Me>(statements);
  const me = results.at(-1)?.results[0];
  if (!me) throw new AppError("wrong_password");
  return me;
}
