import { hashPassword, verifyPassword } from "../auth/password.ts";
import { refuseWeakPassword } from "../auth/password-rules.ts";
import type { ActorContext } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { claimOwnPassword, forgiveGuess } from "../sessions/throttle.ts";
import { HAS_PASSWORD, replacePassword, selectPasswordHash } from "./credential.ts";
import { userColumns } from "./row.ts";
import type { UpdateMeInput } from "./schemas.ts";

const { active: _, created_at: __, updated_at: ___, ...columns } = userColumns;

/**
 * Changes one's own name, language or password (contract section 2). A new password ends all one's other sessions, and
 * with each the devices it had registered; this session stays.
 *
 * @throws AppError `person_required` when an API key would set a password; `wrong_password` when `current_password` is
 *   missing, wrong, or was changed meanwhile; `too_many_requests`; as `refuseWeakPassword` does.
 */
export function updateMe(ctx: ActorContext, input: UpdateMeInput, record: IdempotencyRecord | null): Promise<Answer> {
  return exactlyOnce(ctx, record, () => write(ctx, input, record));
}

async function write(ctx: ActorContext, input: UpdateMeInput, record: IdempotencyRecord | null): Promise<Answer> {
  const { id, sessionId, email, name } = ctx.actor;
  const { DB } = ctx.env;
  const statements: D1PreparedStatement[] = [];
  let permitted = { sql: "1", params: [] as unknown[] };

  if (input.password !== undefined) {
    if (sessionId === null) throw new AppError("person_required");
    refuseWeakPassword(input.password, { email, name: input.name ?? name });
    // Checked as strictly as a sign-in.
    const stored = selectPasswordHash(ctx, id);
    const { guess, found } = await claimOwnPassword<{ password: string }>(ctx, sessionId, stored);
    if (!found || !(await verifyPassword({ hash: found.password, password: input.current_password ?? "" }))) {
      throw new AppError("wrong_password");
    }
    const hash = await hashPassword(input.password);
    // Only whoever replaced the very password that was checked goes on.
    permitted = { sql: HAS_PASSWORD, params: [id, hash] };
    statements.push(
      ...forgiveGuess(ctx, guess),
      replacePassword(ctx, id, found.password, hash),
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
       WHERE id = ? AND ${permitted.sql}`,
    ).bind(
      input.name ?? null,
      input.language === undefined ? 0 : 1,
      input.language ?? null,
      ctx.now().toISOString(),
      id,
      ...permitted.params,
    ),
  );
  const select = selectAnswer("user", columns, `users WHERE id = ? AND ${permitted.sql}`);
  const answer = answerStatement(ctx, record, 200, select, [id, ...permitted.params]);
  const results = await DB.batch<{ headers?: string; body?: string }>([...statements, answer]);
  return answerFromBatch(200, results, "wrong_password");
}
