import { generateRandomString } from "better-auth/crypto";
import { asc, gt, sql } from "drizzle-orm";
import { keyDigest } from "../auth/api-key.ts";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { selectAnswer } from "../db/json.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import { api_keys } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { seal } from "../http/sealed.ts";
import { AppError } from "../problem.ts";
import type { CreateApiKeyInput } from "./schemas.ts";

/** API keys that may act for one person (contract section 1). */
export const API_KEYS_MAX = 20;

/** What every API key begins with. */
const API_KEY_PREFIX = "sft_";
const DAY_MS = 24 * 60 * 60_000;
const KEY_LETTERS = 64;
/** Of a key, to recognise it by. */
const SHOWN_CHARACTERS = 6;

const apiKeyColumns = {
  id: api_keys.id,
  name: api_keys.name,
  start: api_keys.start,
  user_id: api_keys.user_id,
  expires_at: api_keys.expires_at,
  last_request: api_keys.last_request,
  created_at: api_keys.created_at,
};

/** A page of API keys, oldest first. */
export async function listApiKeys(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeId("api_keys", query.cursor);
  const rows = await ctx.db
    .select(apiKeyColumns)
    .from(api_keys)
    .where(after ? gt(api_keys.id, after) : undefined)
    .orderBy(asc(api_keys.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("api_keys", rows, query.limit);
  return { api_keys: page, next_cursor };
}

// Without room there is no key to store, and NOT NULL refuses the batch. A key that is there already was stored by a first
// try whose answer got lost: the batch then meets its own idempotency key.
const INSERT = `
  INSERT INTO api_keys (name, start, prefix, key, user_id, expires_at, created_at, updated_at)
  SELECT ?1, ?2, '${API_KEY_PREFIX}', iif(${hasRoom("api_keys WHERE user_id = ?3", API_KEYS_MAX)}, ?4, NULL), id, ?5, ?6, ?6
  FROM users WHERE id = ?3 AND active = 1
  ON CONFLICT (key) DO NOTHING`;

const MADE = selectAnswer(
  "api_key",
  { ...apiKeyColumns, key: sql`made.sealed` },
  "api_keys, (SELECT ? AS sealed) made WHERE api_keys.key = ?",
);

/**
 * Makes an API key that acts as the named user: only its digest is stored. One batch
 * holds the key and the answer that shows it, so that none is left of which nobody knows.
 *
 * @returns 201 with `{"api_key": ...}`, the key itself sealed, since the answer is kept for a repeat.
 * @throws AppError `user_not_found` for an unknown or inactive user, `too_many`; `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export async function createApiKey(
  ctx: ActorContext,
  input: CreateApiKeyInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const key = API_KEY_PREFIX + generateRandomString(KEY_LETTERS, "a-z", "A-Z");
  const hash = keyDigest(key);
  const now = ctx.now();
  const days = input.expires_in_days;
  const expiresAt = days === undefined ? null : new Date(now.getTime() + days * DAY_MS).toISOString();
  const shown = key.slice(0, SHOWN_CHARACTERS);
  return batchOnce(ctx, record, {
    status: 201,
    statements: [ctx.env.DB.prepare(INSERT).bind(input.name, shown, input.user_id, hash, expiresAt, now.toISOString())],
    select: MADE,
    params: [await seal(ctx.env, key), hash],
    missing: "user_not_found",
    refusal: (error) => (isNotNullViolation(error, "api_keys.key") ? tooMany(API_KEYS_MAX) : null),
  });
}

/**
 * Ends an API key at once.
 *
 * @throws AppError `api_key_not_found`.
 */
export async function deleteApiKey(ctx: Context, id: number): Promise<void> {
  const { meta } = await ctx.env.DB.prepare("DELETE FROM api_keys WHERE id = ?").bind(id).run();
  if (meta.changes === 0) throw new AppError("api_key_not_found");
}
