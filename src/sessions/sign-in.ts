import { APIError } from "better-auth/api";
import type { Actor } from "../actor.ts";
import { openSession } from "../auth/auth.ts";
import { type Account, selectAccount } from "../auth/database.ts";
import type { Context } from "../context.ts";
import { CheckFailed, failUnless } from "../db/checked-database.ts";
import { AppError } from "../problem.ts";
import { claimSignIn, forgiveGuess, type Place } from "./throttle.ts";

// Whoever changes a password or disables an account ends the sessions that are there by then. A sign-in under way with the
// old password opens none.
const STILL_RIGHT = `
  SELECT ${failUnless(`EXISTS (
    SELECT 1 FROM users u JOIN accounts a ON a.user_id = u.id
    WHERE u.id = ?1 AND u.active = 1 AND a.provider_id = 'credential'
      AND a.password IN (SELECT value ->> 'password' FROM json_each(?2)))`)}`;
const OPENED = `
  SELECT s.id AS sessionId, u.id, u.name, u.email, u.role, u.language
  FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = ?`;

/**
 * Signs a person in (contract section 2), in two trips: the guess is counted, then checked; what is right opens a session.
 *
 * @param email in lower case.
 * @returns the unsigned token of the new session, and who acts in it.
 * @throws AppError `invalid_credentials`: unknown address, wrong password and disabled account answer alike;
 *   `too_many_requests`.
 */
export async function signIn(ctx: Context, email: string, password: string, place: Place) {
  const { guess, found } = await claimSignIn<Account>(ctx, email, place, selectAccount(ctx, email));
  const { token, session } = await openSession(ctx.env, { email, password }, found).catch((error: unknown) => {
    if (error instanceof APIError && error.statusCode < 500) throw new AppError("invalid_credentials");
    throw error;
  });
  const columns = Object.keys(session);
  const { DB } = ctx.env;
  const results = await DB.batch<Actor>([
    DB.prepare(STILL_RIGHT).bind(found?.id, found?.accounts),
    DB.prepare(`INSERT INTO sessions (${columns}) VALUES (${columns.map(() => "?")})`).bind(...Object.values(session)),
    ...forgiveGuess(ctx, guess),
    DB.prepare(OPENED).bind(token),
  ]).catch((error: unknown) => {
    throw CheckFailed.is(error) ? new AppError("invalid_credentials") : error;
  });
  const actor = results.at(-1)?.results[0];
  if (!actor) throw new Error("the session was not opened");
  return { token, actor };
}
