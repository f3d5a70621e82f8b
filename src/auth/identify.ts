import type { Actor } from "../actor.ts";
import type { RequestContext } from "../context.ts";
import type { Check } from "../db/checked-database.ts";
import { apiKeyOf } from "./api-key.ts";
import { sessionOf } from "./session.ts";

/** Who sends a request, as far as is known before its first trip, and what each of its trips asks about that. */
export interface Sender {
  actor: Actor;
  /** Whether the database has just been asked; else its first trip asks (see `CheckedDatabase`). */
  isLookedUp: boolean;
  check: Check;
}

// Whose a session or key was when this isolate last asked, which each request's own trip checks again.
const KNOWN_ENTRIES = 1000;
const known = new Map<string, Actor>();

function remember(name: string, actor: Actor): void {
  if (known.size >= KNOWN_ENTRIES) {
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  }
  known.set(name, actor);
}

/**
 * Finds out who sends a request, from `x-api-key`, a bearer token or the session cookie.
 *
 * @param mayPresume false: the database is asked, even where this isolate or the token itself says who it is.
 * @returns null when nobody is signed in.
 * @throws AppError `too_many_requests` when an API key is over its limit.
 */
export async function identify(ctx: RequestContext, headers: Headers, mayPresume: boolean): Promise<Sender | null> {
  const key = headers.get("x-api-key");
  const credential = key ? await apiKeyOf(ctx, key) : sessionOf(ctx, headers);
  if (!credential) return null;
  const { name, check } = credential;
  const presumed = mayPresume ? (known.get(name) ?? credential.presumed) : null;
  if (presumed) return { actor: presumed, isLookedUp: false, check: check(presumed) };
  const actor = await credential.find();
  if (!actor) {
    known.delete(name);
    return null;
  }
  remember(name, actor);
  return { actor, isLookedUp: true, check: check(actor) };
}
