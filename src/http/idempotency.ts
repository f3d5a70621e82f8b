import { createHash } from "node:crypto";
import { createMiddleware } from "hono/factory";
import type { ActorContext, AppEnv } from "../context.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { throughLostConnections } from "../db/lost-connections.ts";
import { stillSignedIn } from "../db/signed-in.ts";
import { AppError } from "../problem.ts";

/** The header `Idempotency-Key` of a request, together with what it must match. */
export interface IdempotencyKey {
  /** Method and path, so that one key may serve several routes. */
  route: string;
  key: string;
}

/** The key together with a digest of the validated input. */
export interface IdempotencyRecord extends IdempotencyKey {
  /** SHA-256 of the validated input: member order, spacing and unknown fields do not matter. */
  hash: string;
}

/** An answer as it is sent, and as it is kept for a replay. `body` is JSON text. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  replayed: boolean;
}

/** Days that an answer is kept for a replay (contract section 1). */
export const IDEMPOTENCY_DAYS = 7;

/** Reads and checks the header; verbs that create something take the result from the context. */
export const idempotencyKey = createMiddleware<AppEnv>(async (c, next) => {
  const key = c.req.header("idempotency-key");
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) throw new AppError("invalid_idempotency_key");
  c.set("idempotencyKey", key === undefined ? null : { route: `${c.req.method} ${c.req.path}`, key });
  await next();
});

/** Binds a key to the input that it came with. */
export function idempotencyRecord(key: IdempotencyKey | null, input: unknown): IdempotencyRecord | null {
  return key && { ...key, hash: createHash("sha256").update(JSON.stringify(input)).digest("base64url") };
}

/**
 * The last statement of a creating batch: keeps the answer under its key and returns it.
 * If the key is taken the statement fails, and the whole batch, effect included, is undone.
 *
 * @param select a SELECT of `headers` and `body` (both JSON text) over what the batch has just written.
 * @param params what its placeholders, all of them `?`, are bound to.
 */
export function answerStatement(
  ctx: ActorContext,
  record: IdempotencyRecord | null,
  status: number,
  select: string,
  params: unknown[] = [],
): D1PreparedStatement {
  if (!record) return ctx.env.DB.prepare(select).bind(...params);
  return ctx.env.DB.prepare(
    `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, created_at, headers, body)
     SELECT ?, ?, ?, ?, ?, ?, answer.headers, answer.body FROM (${select}) AS answer
     RETURNING headers, body`,
  ).bind(ctx.actor.id, record.route, record.key, record.hash, status, ctx.now().toISOString(), ...params);
}

/** Reads the answer that `answerStatement` gave back, at the end of a batch. */
export function answerFromBatch(status: number, results: { results: { headers?: string; body?: string }[] }[]): Answer {
  const { headers, body } = results.at(-1)?.results[0] ?? {};
  if (!headers || !body) throw new Error("the batch committed without an answer");
  return answerFromRow(status, { headers, body });
}

/** Reads a row that `answerStatement` gave back. */
export function answerFromRow(status: number, row: { headers: string; body: string }, replayed = false): Answer {
  return { status, headers: JSON.parse(row.headers), body: row.body, replayed };
}

/**
 * The first answer to this key, if there was one and the sender is still signed in.
 *
 * @throws AppError `idempotency_key_reused` when the key came with another body.
 */
export async function replay(ctx: ActorContext, record: IdempotencyRecord | null): Promise<Answer | null> {
  if (!record) return null;
  const signedIn = stillSignedIn(ctx.actor, ctx.now());
  const row = await ctx.env.DB.prepare(
    `SELECT request_hash, status, headers, body FROM idempotency_keys
     WHERE user_id = ? AND route = ? AND key = ? AND ${signedIn.sql}`,
  )
    .bind(ctx.actor.id, record.route, record.key, ...signedIn.params)
    .first<{ request_hash: string; status: number; headers: string; body: string }>();
  if (!row) return null;
  if (row.request_hash !== record.hash) throw new AppError("idempotency_key_reused");
  return answerFromRow(row.status, row, true);
}

const isKeyTaken = (error: unknown): boolean =>
  isUniqueViolation(error, "idempotency_keys.user_id, idempotency_keys.route, idempotency_keys.key");

/**
 * Runs a creation at most once per key: a twin that lost the race gets the winner's answer, and a lost connection is
 * retried only when the record makes a second run harmless. A repeated request is answered as before even when it could
 * no longer be made, since its ticket has been deleted, say: so `write` does all the looking up, too.
 *
 * @throws AppError `idempotency_key_reused`, `database_unavailable`, and whatever `write` throws.
 */
export function exactlyOnce(
  ctx: ActorContext,
  record: IdempotencyRecord | null,
  write: () => Promise<Answer>,
): Promise<Answer> {
  return throughLostConnections(ctx, record !== null, async () => {
    try {
      return await write();
    } catch (error) {
      const repeatable = isKeyTaken(error) || error instanceof AppError;
      const answer = repeatable ? await replay(ctx, record) : null;
      if (answer) return answer;
      throw error;
    }
  });
}
