import { execute, PASSWORD, type Person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const headers = (values: Record<string, string>): RequestInit => ({ headers: values });

/** A read is refused, and so is a creation, whose check is part of its own batch. */
export async function expectSignedOut(credentials: Record<string, string>): Promise<void> {
  const app = startApp();
  await expectRefusal(app, "/api/me", headers(credentials), 401, "unauthorized");
  const body = { title: "Spindle vibrates", machine_id: 1 };
  await expectRefusal(app, "/api/tickets", send(null, body, credentials), 401, "unauthorized");
  const withKey = { ...credentials, "idempotency-key": "signed-out" };
  await expectRefusal(app, "/api/tickets", send(null, body, withKey), 401, "unauthorized");
}

/** What the database holds of a token. */
export const unsigned = (token: string): string => token.slice(0, token.indexOf("."));

/** Signs a person in once more; the token of the new session. */
export async function anotherToken(someone: Person): Promise<string> {
  const init = send(null, { email: someone.email, password: PASSWORD }, { "cf-connecting-ip": crypto.randomUUID() });
  const response = await startApp().request("/api/auth/sign-in/email", init);
  await execute(`UPDATE sessions SET expires_at = '2099-01-01T00:00:00.000Z' WHERE user_id = ${someone.id}`);
  return response.headers.get("set-auth-token") ?? "";
}
