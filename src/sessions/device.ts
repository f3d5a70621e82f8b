import { randomBytes } from "node:crypto";
import { readCookie, signed, verified } from "../auth/session-token.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { guessSubject } from "./places.ts";

/**
 * The cookie by which a device is known again at sign-in. It opens nothing; it only counts the device's guesses by
 * themselves, so that others who guess at the same account do not hold it up.
 */
export const DEVICE_COOKIE = "shopfloor.device";

/** How long an account is known on a device after its last sign-in there, in seconds. */
export const DEVICE_SECONDS = 365 * 24 * 60 * 60;

/** People who may share a device: the last to sign in. */
const ACCOUNTS = 10;
const MAX_LENGTH = 500;

// "device:" sets it apart from whatever else is signed. Of an account 96 bits of a keyed digest, and in base 36 the
// second until which it is known, the latest first.
const FORM = /^device:([\w-]{22})~((?:[\w-]{16}[0-9a-z]{6,7}~){1,10})$/;
const DIGEST_LENGTH = 16;

interface Device {
  id: string;
  /** Digests of accounts, and until when each is known, in seconds since 1970. */
  accounts: Map<string, number>;
}

const digest = (env: Env, email: string): string => guessSubject(env, "device", email).slice(0, DIGEST_LENGTH);

function readDevice(ctx: Context, headers: Headers): Device | null {
  const text = verified(ctx.env, readCookie(headers, DEVICE_COOKIE) ?? "", MAX_LENGTH);
  const [, id, entries] = FORM.exec(text ?? "") ?? [];
  if (!id || !entries) return null;
  const accounts = entries.split("~").flatMap((entry): [string, number][] => {
    const until = Number.parseInt(entry.slice(DIGEST_LENGTH), 36);
    return until > ctx.now().getTime() / 1000 ? [[entry.slice(0, DIGEST_LENGTH), until]] : [];
  });
  return { id, accounts: new Map(accounts) };
}

/**
 * The id of the device that a request comes from, if this account has signed in there within a year; else null.
 *
 * @param email in lower case.
 */
export function knownDevice(ctx: Context, headers: Headers, email: string): string | null {
  const device = readDevice(ctx, headers);
  return device?.accounts.has(digest(ctx.env, email)) ? device.id : null;
}

/**
 * The cookie of a device after a sign-in of this account.
 *
 * @param email in lower case.
 */
export function deviceCookie(ctx: Context, headers: Headers, email: string): string {
  const device = readDevice(ctx, headers);
  const id = device?.id ?? randomBytes(16).toString("base64url");
  const own = digest(ctx.env, email);
  const others = [...(device?.accounts ?? [])].filter(([account]) => account !== own);
  const until = Math.floor(ctx.now().getTime() / 1000) + DEVICE_SECONDS;
  const entries = [[own, until] as const, ...others].slice(0, ACCOUNTS);
  const text = entries.map(([account, seconds]) => `${account}${seconds.toString(36)}~`).join("");
  return signed(ctx.env, `device:${id}~${text}`);
}
