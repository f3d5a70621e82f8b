import { createHash } from "node:crypto";
import { and, eq, gt, isNull, or } from "drizzle-orm";
import type { RequestContext } from "../context.ts";
import { failUnless } from "../db/checked-database.ts";
import { api_keys, users } from "../db/schema.ts";
import { tooManyRequests } from "../problem.ts";
import { actorColumns, type Credential, IS_PERSON, noteBeside, personParams } from "./credential.ts";

/** The window of the limit of requests (`API_KEY_REQUESTS` in wrangler.toml), in seconds. */
const WINDOW_SECONDS = 60;
/** How old the noted last use of a key may be while it is in use. */
const NOTED_MS = 60_000;

/** What the database holds of a key: its SHA-256 in base64url. A key has more random bits than that, so needs no salt. */
export const keyDigest = (key: string): string => createHash("sha256").update(key).digest("base64url");

/** Notes that a key is in use, once a minute, however many requests it makes. */
function noteUse(ctx: RequestContext, digest: string, lastRequest: string | null): void {
  const now = ctx.now();
  const before = new Date(now.getTime() - NOTED_MS).toISOString();
  if (lastRequest !== null && lastRequest > before) return;
  noteBeside(
    ctx,
    ctx.env.DB.prepare(
      "UPDATE api_keys SET last_request = ?1 WHERE key = ?2 AND (last_request IS NULL OR last_request <= ?3)",
    ).bind(now.toISOString(), digest, before),
  );
}

const HOLDS = `
  SELECT max(k.last_request) AS last_request, ${failUnless("count(*) = 1")} AS checked
  FROM api_keys k JOIN users u ON u.id = k.user_id
  WHERE k.key = ? AND k.enabled = 1 AND (k.expires_at IS NULL OR k.expires_at > ?) AND u.active = 1`;
const IS_THEIRS = `${HOLDS} AND ${IS_PERSON}`;

/**
 * The API key that a request carries; counts the request.
 *
 * @throws AppError `too_many_requests`.
 */
export async function apiKeyOf(ctx: RequestContext, key: string): Promise<Credential> {
  const digest = keyDigest(key);
  const { success } = await ctx.env.API_KEY_REQUESTS.limit({ key: digest });
  if (!success) throw tooManyRequests(WINDOW_SECONDS);
  const { DB } = ctx.env;
  return {
    name: digest,
    presumed: null,
    find: async () => {
      const now = ctx.now().toISOString();
      const [row] = await ctx.db
        .select({ ...actorColumns, lastRequest: api_keys.last_request })
        .from(api_keys)
        .innerJoin(users, eq(users.id, api_keys.user_id))
        .where(
          and(
            eq(api_keys.key, digest),
            eq(api_keys.enabled, true),
            or(isNull(api_keys.expires_at), gt(api_keys.expires_at, now)),
            eq(users.active, true),
          ),
        )
        .limit(1);
      if (!row) return null;
      const { lastRequest, ...person } = row;
      noteUse(ctx, digest, lastRequest);
      return { ...person, sessionId: null };
    },
    check: (actor) => ({
      statements: (hasPassed) => {
        const now = ctx.now().toISOString();
        if (hasPassed) return [DB.prepare(HOLDS).bind(digest, now)];
        return [DB.prepare(IS_THEIRS).bind(digest, now, ...personParams(actor))];
      },
      passed: (row) => noteUse(ctx, digest, (row as { last_request: string | null }).last_request),
    }),
  };
}
