import { expect } from "vitest";
import { type App, type Person, send } from "../helpers.ts";
import { subscriptionKeys } from "./subscription-keys.ts";

/** Registers a device through the API. */
export async function addDevice(app: App, owner: Person, endpoint: string, device_name: string | null = null) {
  const { keys, decrypt } = subscriptionKeys();
  const input = { subscription: { endpoint, keys }, device_name };
  const response = await app.request("/api/push/subscriptions", send(owner, input));
  expect(response.status).toBe(201);
  const { subscription } = (await response.json()) as { subscription: { id: number } };
  return { id: subscription.id, endpoint, keys, decrypt };
}

export type Device = Awaited<ReturnType<typeof addDevice>>;

/** Lets a person answer to notifications in this language. */
export const languageSql = (user: Person, language: "en" | "fr" | null): string =>
  `UPDATE users SET language = ${language ? `'${language}'` : "NULL"} WHERE id = ${user.id}`;
