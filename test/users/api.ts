import { expect } from "vitest";
import type { z } from "zod";
import { User } from "../../src/users/schemas.ts";
import { type App, PASSWORD, type Person, queryAll, send } from "../helpers.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";

export type UserDocument = z.output<typeof User>;

/** The user of an answer, checked against the published schema with no other member allowed. */
export async function shownUser(response: Response, status = 200): Promise<UserDocument> {
  const body = (await response.json()) as { user: unknown };
  expect({ status: response.status, body }).toMatchObject({ status, body: { user: {} } });
  return User.strict().parse(body.user);
}

export const patchUser = (app: App, sender: Person | null, id: number, body: unknown) =>
  app.request(`/api/users/${id}`, send(sender, body, {}, "PATCH"));

export const patchMe = (app: App, sender: Person | null, body: unknown, headers: Record<string, string> = {}) =>
  app.request("/api/me", send(sender, body, headers, "PATCH"));

/** One more session of the same person; the answer tells whether the password is right. */
export const signIn = (app: App, email: string, password = PASSWORD) =>
  app.request("/api/auth/sign-in/email", send(null, { email, password }, { "cf-connecting-ip": crypto.randomUUID() }));

/** The same person with another session of theirs. */
export async function anotherSession(app: App, { id, email }: Person, password = PASSWORD): Promise<Person> {
  const response = await signIn(app, email, password);
  expect(response.status).toBe(200);
  const { token } = (await response.json()) as { token: string };
  return { id, email, token };
}

export async function makeApiKey(app: App, admin: Person, owner: Person, headers: Record<string, string> = {}) {
  const response = await app.request("/api/api-keys", send(admin, { name: "ERP", user_id: owner.id }, headers));
  expect(response.status).toBe(201);
  const { api_key } = (await response.json()) as { api_key: { key: string } };
  return { "x-api-key": api_key.key } as Record<string, string>;
}

let devices = 0;

/** Registers a push device, as the web app does; returns its endpoint. */
export async function registerDevice(app: App, { token }: Pick<Person, "token">, headers = {}): Promise<string> {
  const endpoint = `https://fcm.googleapis.com/fcm/send/device-${++devices}`;
  const body = { subscription: { endpoint, keys: subscriptionKeys().keys } };
  const init = send(token ? { id: 0, email: "", token } : null, body, headers);
  expect((await app.request("/api/push/subscriptions", init)).status).toBe(201);
  return endpoint;
}

export const devicesOf = async (userId: number): Promise<string[]> =>
  (
    await queryAll<{ endpoint: string }>(
      "SELECT endpoint FROM push_subscriptions WHERE user_id = ? ORDER BY id",
      userId,
    )
  ).map(({ endpoint }) => endpoint);

export const sessionsOf = async (userId: number): Promise<number> =>
  (await queryAll("SELECT 1 FROM sessions WHERE user_id = ?", userId)).length;

export const passwordHashOf = async (userId: number): Promise<string | undefined> =>
  (
    await queryAll<{ password: string }>(
      "SELECT password FROM accounts WHERE user_id = ? AND provider_id = 'credential'",
      userId,
    )
  )[0]?.password;
