import { and, eq, gt } from "drizzle-orm";
import type { Actor } from "../actor.ts";
import type { Context, RequestContext } from "../context.ts";
import { type Check, failUnless } from "../db/checked-database.ts";
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

/** Who sends a request, as far as is known before its first trip, and what each of its trips asks about that. */
export interface Sender {
  actor: Actor;
  /** Whether the database has just been asked; else its first trip asks (see `CheckedDatabase`). */
  isLookedUp: boolean;
  check: Check;
}

// Whose a token was when this isolate last asked, which each request's own trip checks again.
const KNOWN_ENTRIES = 1000;
const known = new Map<string, Actor>();

function remember(token: string, actor: Actor): void {
  if (known.size >= KNOWN_ENTRIES) {
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  }
  known.set(token, actor);
}

function renewWhenDue(ctx: RequestContext, sessionId: number, expiresAt: string): void {
  const now = ctx.now();
  if (Date.parse(expiresAt) >= now.getTime() + SESSION_MS - RENEW_AFTER_MS) return;
  ctx.waitUntil(
    ctx.env.DB.prepare("UPDATE sessions SET expires_at = ?, updated_at = ? WHERE id = ?")
      .bind(new Date(now.getTime() + SESSION_MS).toISOString(), now.toISOString(), sessionId)
      .run(),
  );
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
  renewWhenDue(ctx, actor.sessionId, expiresAt);
  return { actor, expiresAt };
}

const SESSION_LIVES = `
  SELECT max(s.expires_at) AS expires_at, ${failUnless("count(*) = 1")} AS checked
  FROM sessions s JOIN users u ON u.id = s.user_id
  WHERE s.token = ? AND s.expires_at > ? AND u.active = 1`;
const SESSION_IS_THEIRS = `${SESSION_LIVES}
  AND (s.id, u.id, u.name, u.email, u.role, u.language) IS (?, ?, ?, ?, ?, ?)`;

/** The session lives and the account is active; the first time also, that they are whose they were taken to be. */
function sessionCheck(ctx: RequestContext, token: string, actor: Actor): Check {
  const { DB } = ctx.env;
  const { sessionId, id, name, email, role, language } = actor;
  return {
    statements: (hasPassed) => {
      const now = ctx.now().toISOString();
      if (hasPassed) return [DB.prepare(SESSION_LIVES).bind(token, now)];
      return [DB.prepare(SESSION_IS_THEIRS).bind(token, now, sessionId, id, name, email, role, language)];
    },
    passed: (row) => renewWhenDue(ctx, sessionId ?? 0, String((row as { expires_at: unknown }).expires_at)),
  };
}

async function fromApiKey(ctx: Context, key: string): Promise<Sender | null> {
  const { valid, error, key: found } = await withAuth(ctx.env, (api) => api.verifyApiKey({ body: { key } }));
  if (error?.code === "RATE_LIMITED") throw tooManyRequests(60);
  if (!valid || !found) return null;
  const [row] = await ctx.db
    .select(actorColumns)
    .from(users)
    .where(and(eq(users.id, Number(found.referenceId)), eq(users.active, true)))
    .limit(1);
  if (!row) return null;
  const { DB } = ctx.env;
  const check = `SELECT ${failUnless("EXISTS (SELECT 1 FROM users WHERE id = ? AND active = 1)")} AS checked`;
  return {
    actor: { ...row, sessionId: null },
    isLookedUp: true,
    check: { statements: () => [DB.prepare(check).bind(row.id)], passed: () => undefined },
  };
}

/** 429 with `Retry-After` (RFC 9110 section 10.2.3). */
export const tooManyRequests = (seconds: number): AppError =>
  new AppError("too_many_requests", { params: { seconds }, headers: { "retry-after": String(seconds) } });

/**
 * Finds out who sends a request, from `x-api-key`, a bearer token or the session cookie.
 *
 * @param mayPresume false: the database is asked, even where this isolate or the token itself says who it is.
 * @returns null when nobody is signed in.
 * @throws AppError `too_many_requests` when an API key is over its limit.
 */
export async function identify(ctx: RequestContext, headers: Headers, mayPresume: boolean): Promise<Sender | null> {
  const key = headers.get("x-api-key");
  if (key) return fromApiKey(ctx, key);
  const sent = sessionToken(ctx.env, headers);
  if (!sent) return null;

  const { token } = sent;
  const presumed = mayPresume ? (known.get(token) ?? sent.presumed) : null;
  if (presumed) return { actor: presumed, isLookedUp: false, check: sessionCheck(ctx, token, presumed) };
  const session = await findSession(ctx, token);
  if (!session) {
    known.delete(token);
    return null;
  }
  const { actor } = session;
  remember(token, actor);
  return { actor, isLookedUp: true, check: sessionCheck(ctx, token, actor) };
}
