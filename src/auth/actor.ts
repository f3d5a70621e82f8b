import { and, eq, gt } from "drizzle-orm";
import type { Context } from "../context.ts";
import { sessions, users } from "../db/schema.ts";
import { AppError, type Locale } from "../problem.ts";
import { auth } from "./auth.ts";
import type { Role } from "./roles.ts";

/** The person on whose behalf a request acts. */
export interface Actor {
  id: number;
  name: string;
  email: string;
  role: Role;
  language: Locale | null;
  /** The session that vouches for the actor; null with an API key, which is checked on each request. */
  sessionId: number | null;
}

const actorColumns = {
  id: users.id,
  name: users.name,
  email: users.email,
  role: users.role,
  language: users.language,
};

// better-auth parses and verifies a credential once per isolate; from then on the session's row decides.
// Entries expire so that better-auth sees the session often enough to extend it.
const CACHE_ENTRIES = 1000;
const CACHE_MS = 5 * 60_000;
const known = new Map<string, { actor: Actor; until: number }>();

function remember(credential: string, actor: Actor, now: number): void {
  if (known.size >= CACHE_ENTRIES) {
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  }
  known.set(credential, { actor, until: now + CACHE_MS });
}

async function fromSessionRow(ctx: Context, sessionId: number): Promise<Actor | null> {
  const [row] = await ctx.db
    .select(actorColumns)
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.user_id))
    .where(and(eq(sessions.id, sessionId), gt(sessions.expires_at, ctx.now().toISOString()), eq(users.active, true)))
    .limit(1);
  return row ? { ...row, sessionId } : null;
}

async function fromApiKey(ctx: Context, key: string): Promise<Actor | null> {
  const { valid, error, key: found } = await auth(ctx.env).api.verifyApiKey({ body: { key } });
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
 * @param deferred the caller's batch holds `stillSignedIn`: a credential that this isolate has already
 *   verified then costs no round trip here.
 * @returns null when nobody is signed in.
 * @throws AppError `too_many_requests` when an API key is over its limit.
 */
export async function resolveActor(ctx: Context, headers: Headers, deferred: boolean): Promise<Actor | null> {
  const key = headers.get("x-api-key");
  if (key) return fromApiKey(ctx, key);
  const authorization = headers.get("authorization");
  const cookie = headers.get("cookie");
  const credential = authorization ?? cookie;
  if (!credential) return null;

  const now = ctx.now().getTime();
  const entry = known.get(credential);
  if (entry && entry.until > now) {
    if (deferred) return entry.actor;
    const actor = entry.actor.sessionId === null ? null : await fromSessionRow(ctx, entry.actor.sessionId);
    if (!actor) known.delete(credential);
    return actor;
  }
  // A bearer token stands alone: the cookie of a browser that happens to be signed in must not answer for it.
  const session = await auth(ctx.env).api.getSession({
    headers: new Headers(authorization ? { authorization } : { cookie: credential }),
  });
  if (!session) return null;
  const actor = await fromSessionRow(ctx, Number(session.session.id));
  if (actor) remember(credential, actor, now);
  return actor;
}
