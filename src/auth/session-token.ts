import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import type { Env } from "../env.ts";
import { LOCALES } from "../vocabulary/locales.ts";
import { ROLES } from "../vocabulary/roles.ts";

/** The cookie that holds a signed session token. */
export const SESSION_COOKIE = "shopfloor.session_token";

/** How long a session lives after it was last renewed. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;

/** A name of 100 and an e-mail address of 254 characters fit, whatever the script. */
const MAX_LENGTH = 2000;

/** What a token says of its session: its id, and the id, name, e-mail address, role and language of its person. */
const Claims = z.tuple([z.int(), z.int(), z.string(), z.string(), z.enum(ROLES), z.enum(LOCALES).nullable()]);

type Secret = Pick<Env, "BETTER_AUTH_SECRET">;

const signature = (env: Secret, text: string): string =>
  createHmac("sha256", env.BETTER_AUTH_SECRET).update(text).digest("base64");

/**
 * A text with its HMAC-SHA256 behind it, as better-auth signs its cookies. The database holds a session's token, and
 * only the Worker can sign it: whoever reads a copy of the database holds nothing that opens a session.
 */
export const signed = (env: Secret, text: string): string => `${text}.${signature(env, text)}`;

/** The text that was signed, or null when the signature is not ours; constant time in the comparison. */
export function verified(env: Env, value: string, maxLength = MAX_LENGTH): string | null {
  if (value.length > maxLength) return null;
  const text = value.slice(0, Math.max(value.lastIndexOf("."), 0));
  const [given, wanted] = [Buffer.from(value), Buffer.from(signed(env, text))];
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? text : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of a cookie as it was before it was percent-encoded, or null. */
export function readCookie(headers: Headers, name: string): string | null {
  for (const pair of headers.get("cookie")?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (pair.slice(0, equals).trim() === name) return decoded(pair.slice(equals + 1).trim());
  }
  return null;
}

/** A session's token as it is sent, with what a new isolate may presume of it before it has asked the database. */
export function sentToken(env: Env, token: string, { sessionId, id, name, email, role, language }: Actor): string {
  const claims = JSON.stringify([sessionId, id, name, email, role, language]);
  return signed(env, `${token}.${Buffer.from(claims).toString("base64url")}`);
}

function presumedActor(claims: string): Actor | null {
  try {
    const [sessionId, id, name, email, role, language] = Claims.parse(
      JSON.parse(`${Buffer.from(claims, "base64url")}`),
    );
    return { sessionId, id, name, email, role, language };
  } catch {
    return null;
  }
}

/**
 * The session token that a request carries with a valid signature, and whose it says it is, or null. A bearer token
 * stands alone: the cookie of a browser that happens to be signed in must not answer for it.
 */
export function sessionToken(env: Env, headers: Headers): { token: string; presumed: Actor | null } | null {
  const authorization = headers.get("authorization");
  const value = authorization
    ? decoded(/^bearer +([^ ]+)$/i.exec(authorization.trim())?.[1] ?? "")
    : readCookie(headers, SESSION_COOKIE);
  const [token, claims] = (value && verified(env, value))?.split(".") ?? [];
  return token ? { token, presumed: claims ? presumedActor(claims) : null } : null;
}
