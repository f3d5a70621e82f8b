import { createHmac } from "node:crypto";
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { ActorContext, AppEnv, IdempotencyKey } from "../context.ts";
import { unchecked } from "../db/checked-database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { throughLostConnections } from "../db/lost-connections.ts";
import { AppError, type ProblemCode } from "../problem.ts";
import { derivedKey } from "./sealed.ts";

/** The key together with what tells its input from another. */
export interface IdempotencyRecord extends IdempotencyKey {
  /**
   * HMAC-SHA-256 of the validated input: member order, spacing and unknown fields do not matter, and nobody who reads
   * the table can try out passwords on it.
   */
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
export const IDEMPOTENCY_DAYS = 31;

/** Reads and checks the header; verbs that create something take the result from the context. */
export const idempotencyKey = createMiddleware<AppEnv>(async (c, next) => {
  const key = c.req.header("idempotency-key");
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) throw new AppError("invalid_idempotency_key");
  c.set("idempotencyKey", key === undefined ? null : { route: `${c.req.method} ${c.req.path}`, key });
  await next();
});

/** Binds the key of a request to the input that it came with. @param input null where a request has no body. */
export function idempotencyRecord(c: Context<AppEnv>, input: unknown): IdempotencyRecord | null {
  const key = c.get("idempotencyKey");
  if (!key) return null;
  const secret = derivedKey(c.get("ctx").env, "idempotency-hash");
  return { ...key, hash: createHmac("sha256", secret).update(JSON.stringify(input)).digest("base64url") };
}

/**
 * The last statement of a batch: keeps the answer under its key and returns it.
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

/**
 * Reads the answer that `answerStatement` gave back, at the end of a batch.
 *
 * @param missing what it means that there is none.
 */
export function answerFromBatch(
  status: number,
  results: { results: { headers?: string; body?: string }[] }[],
  missing?: ProblemCode,
): Answer {
  const { headers, body } = results.at(-1)?.results[0] ?? {};
  if (!headers || !body) throw missing ? new AppError(missing) : new Error("the batch committed without an answer");
  return answerFromRow(status, { headers, body });
}

/** Reads a row that `answerStatement` gave back. */
export function answerFromRow(status: number, row: { headers: string; body: string }, replayed = false): Answer {
  return { status, headers: JSON.parse(row.headers), body: row.body, replayed };
}

interface KeptAnswer {
  request_hash: string;
  status: number;
  headers: string;
  body: string;
  claimed_until: string | null;
}

/** A query of what is kept under a key, for `replayed`: no row for a request without one. */
export const selectKept = (ctx: ActorContext, record: IdempotencyRecord | null): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `SELECT request_hash, status, headers, body, claimed_until FROM idempotency_keys
     WHERE user_id = ? AND route = ? AND key = ?`,
  ).bind(ctx.actor.id, record?.route ?? "", record?.key ?? "");

/**
 * The first answer to this key, if there was one.
 *
 * @param kept what `selectKept` has found.
 * @throws AppError `idempotency_key_reused` when the key came with another body.
 */
export function replayed(record: IdempotencyRecord | null, kept: D1Result<unknown> | undefined): Answer | null {
  const row = kept?.results[0] as KeptAnswer | undefined;
  if (!row) return null;
  if (row.request_hash !== record?.hash) throw new AppError("idempotency_key_reused");
  return row.claimed_until === null ? answerFromRow(row.status, row, true) : null;
}

/** The first answer to this key, if there was one. @throws as `replayed` does. */
export const replay = async (ctx: ActorContext, record: IdempotencyRecord | null): Promise<Answer | null> =>
  record && replayed(record, await selectKept(ctx, record).all());

const isKeyTaken = (error: unknown): boolean =>
  isUniqueViolation(error, "idempotency_keys.user_id, idempotency_keys.route, idempotency_keys.key");

/**
 * Runs a write at most once per key: a twin that lost the race gets the winner's answer, and a lost connection is
 * retried only when the record makes a second run harmless. A repeated request is answered as before even when it could
 * no longer be made, since its ticket has been deleted, say: so `write` does all the looking up, too.
 *
 * @param write ends every way that succeeds with `answerStatement`, also where nothing is left to change.
 * @param options.repeatable a second run does no harm even without a key.
 * @throws AppError `idempotency_key_reused`, `database_unavailable`, and whatever `write` throws.
 */
export function exactlyOnce(
  ctx: ActorContext,
  record: IdempotencyRecord | null,
  write: () => Promise<Answer>,
  options: { repeatable?: boolean } = {},
): Promise<Answer> {
  return throughLostConnections(ctx, record !== null || options.repeatable === true, async () => {
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

/**
 * Writes one batch at most once per key, and answers with what its last statement selects.
 *
 * @param batch.statements what it writes; a function may first look up what is there now, and throw when that forbids it.
 * @param batch.select, batch.params as in `answerStatement`.
 * @param batch.missing what it means that nothing is selected.
 * @param batch.refusal what a refusal of the database means, if anything.
 * @param batch.written is told what the statements gave back, once they are committed.
 * @throws AppError as `exactlyOnce` does, and what `check`, `missing` and `refusal` say.
 */
export function batchOnce(
  ctx: ActorContext,
  record: IdempotencyRecord | null,
  batch: {
    status: number;
    statements: D1PreparedStatement[] | (() => Promise<D1PreparedStatement[]>);
    select: string;
    params?: unknown[];
    missing?: ProblemCode;
    refusal?: (error: unknown) => ProblemCode | AppError | null | Promise<ProblemCode | null>;
    written?: (results: D1Result<object>[]) => void;
  },
): Promise<Answer> {
  return exactlyOnce(ctx, record, async () => {
    const statements = typeof batch.statements === "function" ? await batch.statements() : batch.statements;
    const answer = answerStatement(ctx, record, batch.status, batch.select, batch.params);
    const results = await ctx.env.DB.batch<{ headers?: string; body?: string }>([...statements, answer]).catch(
      async (error: unknown): Promise<never> => {
        const refusal = (await batch.refusal?.(error)) ?? null;
        throw typeof refusal === "string" ? new AppError(refusal) : (refusal ?? error);
      },
    );
    batch.written?.(results);
    return answerFromBatch(batch.status, results, batch.missing);
  });
}

/** How long work that no single batch can hold may take, in seconds; then it counts as broken off. */
const CLAIM_SECONDS = 60;
/** A twin asks soon whether the work is done, then ever more seldom: an invocation has fifty queries. */
const POLL_MS = 200;
const POLL_MAX_MS = 5000;

const CLAIM = `
  INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, created_at, headers, body, claimed_until)
  VALUES (?, ?, ?, ?, 200, ?, '{}', 'null', ?)
  ON CONFLICT (user_id, route, key) DO UPDATE SET claimed_until = excluded.claimed_until
  WHERE claimed_until < excluded.created_at AND request_hash = excluded.request_hash
  RETURNING 1`;
const CLAIMED = "user_id = ? AND route = ? AND key = ? AND claimed_until = ?";

/** Work that no single batch can hold, such as a message to an endpoint. */
export interface ClaimedWork {
  status: number;
  /** What it reads first, in the trip that claims its key. */
  needs?: D1PreparedStatement[];
  /**
   * @param found what `needs` gave.
   * @returns the body of the answer, and what is written together with it.
   */
  run: (found: D1Result<unknown>[]) => Promise<{ body: object; effects?: D1PreparedStatement[] }>;
}

/**
 * Runs work that no single batch can hold at most once per key: the key is claimed first, and twins wait for its answer.
 * Work that fails gives the key back; work that breaks off is done again, by a repeat after CLAIM_SECONDS.
 *
 * @throws AppError `idempotency_key_reused`, `request_in_progress`, and whatever the work throws.
 */
export async function claimOnce(
  ctx: ActorContext,
  record: IdempotencyRecord | null,
  { status, needs = [], run }: ClaimedWork,
): Promise<Answer> {
  const { DB } = ctx.env;
  const inOneTrip = (statements: D1PreparedStatement[]) => (statements.length > 0 ? DB.batch(statements) : []);
  const finish = async (found: D1Result<unknown>[], keep: (body: string) => D1PreparedStatement[]): Promise<Answer> => {
    const { body, effects = [] } = await run(found);
    const text = JSON.stringify(body);
    await inOneTrip([...effects, ...keep(text)]);
    return { status, headers: {}, body: text, replayed: false };
  };
  if (!record) return finish(await inOneTrip(needs), () => []);
  const id = [ctx.actor.id, record.route, record.key];
  let waited = 0;
  for (let pause = POLL_MS; waited <= CLAIM_SECONDS * 1000; pause = Math.min(pause * 2, POLL_MAX_MS)) {
    const now = ctx.now();
    const until = new Date(now.getTime() + CLAIM_SECONDS * 1000).toISOString();
    const [claim, kept, ...found] = await DB.batch<unknown>([
      DB.prepare(CLAIM).bind(...id, record.hash, now.toISOString(), until),
      selectKept(ctx, record),
      ...needs,
    ]);
    if (claim?.results.length) {
      const mine = [...id, until];
      const UPDATE = `UPDATE idempotency_keys SET status = ?, body = ?, claimed_until = NULL WHERE ${CLAIMED}`;
      try {
        return await finish(found, (body) => [DB.prepare(UPDATE).bind(status, body, ...mine)]);
      } catch (error) {
        await unchecked(DB)
          .prepare(`DELETE FROM idempotency_keys WHERE ${CLAIMED}`)
          .bind(...mine)
          .run();
        throw error;
      }
    }
    const answer = replayed(record, kept);
    if (answer) return answer;
    await ctx.sleep(pause);
    waited += pause;
  }
  throw new AppError("request_in_progress", { headers: { "retry-after": "5" } });
}
