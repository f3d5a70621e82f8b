import { and, eq, gt } from "drizzle-orm";
import type { RequestContext } from "../context.ts";
import { failUnless } from "../db/checked-database.ts";
import { sessions, users } from "../db/schema.ts";
import { actorColumns, type Credential, IS_PERSON, noteBeside, personParams } from "./credential.ts";
import { SESSION_SECONDS, sessionToken } from "./session-token.ts";

// A session in use ends 30 days after its last renewal, and is renewed at most once a day.
const SESSION_MS = SESSION_SECONDS * 1000;
const RENEW_AFTER_MS = 24 * 60 * 60_000;

function renewWhenDue(ctx: RequestContext, token: string, expiresAt: string): void {
  const now = ctx.now();
  if (Date.parse(expiresAt) >= now.getTime() + SESSION_MS - RENEW_AFTER_MS) return;
  const expires = new Date(now.getTime() + SESSION_MS).toISOString();
  noteBeside(
    ctx,
    ctx.env.DB.prepare("UPDATE sessions SET expires_at = ?, updated_at = ? WHERE token = ?").bind(
      expires,
      now.toISOString(),
      token,
    ),
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
  renewWhenDue(ctx, token, expiresAt);
  return { actor, expiresAt };
}

const LIVES = `
  SELECT max(s.expires_at) AS expires_at, ${failUnless("count(*) = 1")} AS checked
  FROM sessions s JOIN users u ON u.id = s.user_id
  WHERE s.token = ? AND s.expires_at > ? AND u.active = 1`;
const IS_THEIRS = `${LIVES} AND s.id = ? AND ${IS_PERSON}`;

/** The session that a request belongs to by its bearer token or cookie, or null where there is none with our signature. */
export function sessionOf(ctx: RequestContext, headers: Headers): Credential | null {
  const sent = sessionToken(ctx.env, headers);
  if (!sent) return null;
  const { token, presumed } = sent;
  const { DB } = ctx.env;
  return {
    name: token,
    presumed,
    find: async () => (await findSession(ctx, token))?.actor ?? null,
    check: (actor) => ({
      statements: (hasPassed) => {
        const now = ctx.now().toISOString();
        if (hasPassed) return [DB.prepare(LIVES).bind(token, now)];
        return [DB.prepare(IS_THEIRS).bind(token, now, actor.sessionId, ...personParams(actor))];
      },
      passed: (row) => renewWhenDue(ctx, token, String((row as { expires_at: unknown }).expires_at)),
    }),
  };
}
