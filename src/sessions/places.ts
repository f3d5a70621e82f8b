import { createHmac } from "node:crypto";
import ipaddr from "ipaddr.js";
import type { Env } from "../env.ts";
import { derivedKey } from "../http/sealed.ts";

/**
 * What an address counts as: an IPv4 address by itself, an IPv6 address with all of its /64, which one subscriber has to
 * themselves.
 *
 * @param address from `CF-Connecting-IP`, which Cloudflare sets and no client can; absent in local development, where
 *   everybody is one.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return "local";
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? `${parsed.parts.slice(0, 4).join(":")}::/64` : parsed.toString();
}

/** HMAC-SHA-256 in base64url of what guesses are counted against: nobody learns from it who or where that is. */
export const guessSubject = (env: Env, kind: string, ...parts: (string | number)[]): string =>
  createHmac("sha256", derivedKey(env, "sign-in-guesses"))
    .update(JSON.stringify([kind, ...parts]))
    .digest("base64url");
