import { and, eq, gt } from "drizzle-orm";
import type { Actor } from "../actor.ts";
import type { Context, RequestContext } from "../context.ts";
import { sessions, users } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import { withAuth } from "./auth.ts";
import { SESSION_SECONDS, sessionToken } from "./session-token.ts";

const actorColumns = {
  id: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  language: users.language,
};

// A session in use ends 30 days after its last renewal, and is renewed at most once a day.
const SESSION_MS = SESSION_SECONDS * 1000;
const RENEW_AFTER_MS = 24 * 60 * 60_000;

// Whose a token was when this isolate last asked. Used only for requests whose own batch checks the session again.
const CACHE_ENTRIES = 1000;
const CACHE_MS = 5 * 60_000;
const known = new Map<string, { actor: Actor; until: number }>();

function remember(token: string, actor: Actor, now: number): void {
  if (known.size >= CACHE_ENTRIES) {
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  }
  known.set(token, { actor, until: now + CACHE_MS });
}

async function renew(ctx: Context, sessionId: number): Promise<void> {
  const now = ctx.now();
  await ctx.env.DB.prepare("UPDATE sessions SET expires_at = ?, updated_at = ? WHERE id = ?")
    .bind(new Date(now.getTime() + SESSION_MS).toISOString(), now.toISOString(), sessionId)
    .run();
}

/** The living session with this token and the person whose it is, or null; one round trip. */
export async function findSession(ctx: RequestContext, token: string) {
  const now = ctx.now();
  const [row] = await ctx.db
    .select({ ...actorColumns, sessionId: sessions.id, expiresAt: sessions.expires_at })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.token, token), gt(sessions.expires_at, now.toISOString()), eq(users.active, true)))
    .limit(1);
  if (!row) return null;
  const { expiresAt, ...actor } = row;
  if (Date.parse(expiresAt) < now.getTime() + SESSION_MS - RENEW_AFTER_MS) ctx.waitUntil(renew(ctx, actor.sessionId));
  return { actor, expiresAt };
}

async function fromApiKey(ctx: Context, key: string): Promise<Actor | null> {
  const { valid, error, key: found } = await withAuth(ctx.env, (api) => api.verifyApiKey({ body: { key } }));
  if (error?.code === "RATE_LIMITED") throw tooManyRequests(60);
  if (!valid || !found) return null;
  const [row] = await ctx.db
    .select(actorColumns)
    .from(users)
    .where(and(eq(users.id, Number(found.referenceId)), eq(users.active, true)))
    .limit(1);
  return row ? { ...row, sessionId: null } : null;
}

/** 429 with `Retry-After` (RFC 9110 section 10.2.3). */
export const tooManyRequests = (seconds: number): AppError =>
  new AppError("too_many_requests", { params: { seconds }, headers: { "retry-after": String(seconds) } });

/**
 * Finds out who sends a request, from `x-api-key`, a bearer token or the session cookie.
 *
 * @param deferred the caller's batch holds `stillSignedIn`: a session that this isolate has already seen then costs
 *   no round trip here.
 * @returns null when nobody is signed in.
 * @throws AppError `too_many_requests` when an API key is over its limit.
 */
export async function resolveActor(ctx: RequestContext, headers: Headers, deferred: boolean): Promise<Actor | null> {
  const key = headers.get("x-api-key");
  if (key) return fromApiKey(ctx, key);
  const token = sessionToken(ctx.env, headers);
  if (!token) return null;

  const now = ctx.now().getTime();
  const entry = known.get(token);
  if (deferred && entry && entry.until > now) return entry.actor;
  const session = await findSession(ctx, token);
  if (session) remember(token, session.actor, now);
  else known.delete(token);
  return session?.actor ?? null;
}
