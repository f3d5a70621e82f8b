import type { Context } from "../context.ts";
import { tooManyRequests } from "./actor.ts";

const WINDOW_SECONDS = 60;

/**
 * Counts one guess at the password of an account, at sign-in or elsewhere.
 *
 * @param email in lower case.
 * @throws AppError `too_many_requests`.
 */
export async function throttleAccount(ctx: Context, email: string): Promise<void> {
  const { success } = await ctx.env.SIGN_IN_ACCOUNT_LIMIT.limit({ key: email });
  if (!success) throw tooManyRequests(WINDOW_SECONDS);
}

/**
 * Counts one attempt to sign in, against the account and against the address it comes from.
 *
 * @param email in lower case; an unknown one counts alike.
 * @throws AppError `too_many_requests`.
 */
export async function throttleSignIn(ctx: Context, email: string, address: string): Promise<void> {
  const [, byAddress] = await Promise.all([
    throttleAccount(ctx, email),
    ctx.env.SIGN_IN_ADDRESS_LIMIT.limit({ key: address }),
  ]);
  if (!byAddress.success) throw tooManyRequests(WINDOW_SECONDS);
}
