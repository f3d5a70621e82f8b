import { and, asc, eq, gt, sql } from "drizzle-orm";
import { z } from "zod";
import { withAuth } from "../auth/auth.ts";
import type { Context } from "../context.ts";
import { tooMany } from "../db/maximum.ts";
import { api_keys, users } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { seal } from "../http/sealed.ts";
import { AppError } from "../problem.ts";
import type { CreateApiKeyInput } from "./schemas.ts";

/** API keys that may act for one person (contract section 1). */
export const API_KEYS_MAX = 20;

const DAY_SECONDS = 24 * 60 * 60;

const apiKeyColumns = {
  id: api_keys.id,
  name: api_keys.name,
  start: api_keys.start,
  user_id: api_keys.user_id,
  expires_at: api_keys.expires_at,
  last_request: api_keys.last_request,
  created_at: api_keys.created_at,
};

// Which of its person's keys it is. Ids rise: of keys that are made at once just those for which there is room have a
// place, whoever asks first.
const PLACE = sql<number>`(SELECT COUNT(*) FROM api_keys AS k WHERE k.user_id = ${api_keys.user_id} AND k.id <= ${api_keys.id})`;

/** A page of API keys, oldest first. */
export async function listApiKeys(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const rows = await ctx.db
    .select(apiKeyColumns)
    .from(api_keys)
    .where(after ? gt(api_keys.id, after[0]) : undefined)
    .orderBy(asc(api_keys.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { api_keys: page, next_cursor };
}

/** Whether there was one. */
async function removeKey(ctx: Context, id: number): Promise<boolean> {
  const { meta } = await ctx.env.DB.prepare("DELETE FROM api_keys WHERE id = ?").bind(id).run();
  return meta.changes > 0;
}

/**
 * Makes an API key that acts as the named user. Only its hash is stored.
 *
 * @returns `{api_key}` with the key itself sealed, since the answer is kept for a repeat.
 * @throws AppError `user_not_found` for an unknown or inactive user, `too_many`.
 */
export async function createApiKey(ctx: Context, input: CreateApiKeyInput) {
  const [user] = await ctx.db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, input.user_id), eq(users.active, true)));
  if (!user) throw new AppError("user_not_found");
  const { id, key } = await withAuth(ctx.env, (api) =>
    api.createApiKey({
      body: {
        name: input.name,
        userId: String(input.user_id),
        expiresIn: input.expires_in_days ? input.expires_in_days * DAY_SECONDS : undefined,
      },
    }),
  );
  const [row] = await ctx.db
    .select({ ...apiKeyColumns, active: users.active, place: PLACE })
    .from(api_keys)
    .innerJoin(users, eq(users.id, api_keys.user_id))
    .where(eq(api_keys.id, Number(id)));
  if (row?.active && row.place <= API_KEYS_MAX) {
    const { active: _, place: __, ...shown } = row;
    return { api_key: { ...shown, key: await seal(ctx.env, key) } };
  }
  // What was made for somebody who was disabled in between would come back to life with the person.
  await removeKey(ctx, Number(id));
  throw row?.active ? tooMany(API_KEYS_MAX) : new AppError("user_not_found");
}

/**
 * Ends an API key at once.
 *
 * @throws AppError `api_key_not_found`.
 */
export async function deleteApiKey(ctx: Context, id: number): Promise<void> {
  if (!(await removeKey(ctx, id))) throw new AppError("api_key_not_found");
}
