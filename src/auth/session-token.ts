import { createHmac, timingSafeEqual } from "node:crypto";
import type { Env } from "../env.ts";

/** The cookie that holds a signed session token. */
export const SESSION_COOKIE = "shopfloor.session_token";

/** How long a session lives after it was last renewed. */
export const SESSION_SECONDS = 30 * 24 * 60 * 60;

const MAX_LENGTH = 200;

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

/**
 * The session token that a request carries with a valid signature, or null. A bearer token stands alone: the cookie of
 * a browser that happens to be signed in must not answer for it.
 */
export function sessionToken(env: Env, headers: Headers): string | null {
  const authorization = headers.get("authorization");
  const value = authorization
    ? decoded(/^bearer +([^ ]+)$/i.exec(authorization.trim())?.[1] ?? "")
    : readCookie(headers, SESSION_COOKIE);
  return value ? verified(env, value) : null;
}
