import { APIError } from "better-auth/api";
import type { Actor } from "../actor.ts";
import { openSession } from "../auth/auth.ts";
import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { claimSignIn, forgiveGuess, type Place } from "./throttle.ts";

// Whoever changes a password or disables an account ends the sessions that are there by then. One that was opened
// meanwhile, with the old password, ends itself.
const END_OVERTAKEN = `
  DELETE FROM sessions WHERE token = ?1 AND NOT EXISTS (
    SELECT 1 FROM users u JOIN accounts a ON a.user_id = u.id
    WHERE u.id = sessions.user_id AND u.active = 1 AND a.provider_id = 'credential' AND a.password = ?2)`;

const OPENED = `
  SELECT s.id AS sessionId, u.id, u.name, u.email, u.role, u.language
  FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = ?`;

/**
 * Signs a person in (contract section 2): the guess is counted, then checked.
 *
 * @param email in lower case.
 * @returns the unsigned token of the new session, and who acts in it.
 * @throws AppError `invalid_credentials`: unknown address, wrong password and disabled account answer alike;
 *   `too_many_requests`.
 */
export async function signIn(ctx: Context, email: string, password: string, place: Place) {
  const guess = await claimSignIn(ctx, email, place);
  const { token, hash } = await openSession(ctx.env, { email, password }).catch((error: unknown) => {
    if (error instanceof APIError && error.statusCode < 500) throw new AppError("invalid_credentials");
    throw error;
  });
  const { DB } = ctx.env;
  const results = await DB.batch<Actor>([
    ...forgiveGuess(ctx, guess),
    DB.prepare(END_OVERTAKEN).bind(token, hash),
    DB.prepare(OPENED).bind(token),
  ]);
  const actor = results.at(-1)?.results[0];
  if (!actor) throw new AppError("invalid_credentials");
  return { token, actor };
}
