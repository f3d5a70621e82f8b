import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Env } from "../env.ts";

/** 128 random bits in base64url: nobody guesses a pixel. */
export const newToken = (): string => randomBytes(16).toString("base64url");

/** Whether a text has the form of a token; anything else is not worth a look into the database. */
export const isToken = (text: string): boolean => /^[\w-]{22}$/.test(text);

/** What is kept of an address that opted out: SHA-256 in base64url. */
export const addressDigest = (address: string): string => createHash("sha256").update(address).digest("base64url");

// The purpose is part of what is signed: a signature for one thing is none for another.
const signature = (env: Env, token: string): string =>
  createHmac("sha256", env.BETTER_AUTH_SECRET).update(`email-opt-out:${token}`).digest("base64url").slice(0, 22);

/** Where the pixel of one e-mail is. */
export const pixelUrl = (origin: string, token: string): string => `${origin}/t/${token}.gif`;

/**
 * Where the recipient of one e-mail says no to more (RFC 8058). Signed, because the token alone is in the pixel's
 * address, which every mail service on the way can see.
 */
export const optOutUrl = (env: Env, origin: string, token: string): string =>
  `${origin}/u/${token}.${signature(env, token)}`;

/** The token in an opt-out link, or null when the link is not one of ours. */
export function optOutToken(env: Env, link: string): string | null {
  const [, token = "", given = ""] = /^([\w-]{22})\.([\w-]{22})$/.exec(link) ?? [];
  const wanted = signature(env, token);
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted)) ? token : null;
}
