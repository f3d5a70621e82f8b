import type { Actor } from "../actor.ts";
import { AppError } from "../problem.ts";
import type { Fragment } from "./fragment.ts";

/** Nobody is signed in, or not any more. */
export const unauthorized = (): AppError => new AppError("unauthorized", { headers: { "www-authenticate": "Bearer" } });

/**
 * SQL that holds while the actor may still act: the session lives and the account is active.
 * Put it into the batch of a write, and revoking a session takes effect at once without a lookup of its own.
 */
export function stillSignedIn(actor: Actor, now: Date): Fragment {
  if (actor.sessionId === null) {
    return { sql: "EXISTS (SELECT 1 FROM users u WHERE u.id = ? AND u.active = 1)", params: [actor.id] };
  }
  return {
    sql: `EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
                  WHERE s.id = ? AND s.expires_at > ? AND u.active = 1)`,
    params: [actor.sessionId, now.toISOString()],
  };
}
