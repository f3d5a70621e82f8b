import { sessionEnded, user } from "../device/session.ts";
import { setLanguage } from "../device/settings.ts";
import { request } from "./request.ts";

/**
 * Signs a person in on this phone; the session itself is a cookie that no script can read. The app then speaks their
 * language, where their account has one.
 *
 * @throws as `request` does.
 */
export async function signIn(email: string, password: string): Promise<void> {
  const answer = await request("POST /api/auth/sign-in/email", { body: { email, password } });
  if (answer.user.language) setLanguage(answer.user.language);
  user.value = answer.user;
  sessionEnded.value = false;
}

/**
 * Ends the session on the server, then forgets the person here. An ended session is no reason to stay.
 *
 * @throws NoAnswer when the server cannot be reached: the session would live on.
 */
export async function signOut(): Promise<void> {
  if (!sessionEnded.peek()) await request("POST /api/auth/sign-out", {});
  user.value = null;
  sessionEnded.value = false;
}
