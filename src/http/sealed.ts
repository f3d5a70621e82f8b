import { hkdfSync } from "node:crypto";
import type { Env } from "../env.ts";

const IV_BYTES = 12;

const derivedKeys = new Map<string, Uint8Array<ArrayBuffer>>();

/** A key of its own for each purpose, derived from BETTER_AUTH_SECRET (RFC 5869) once per isolate. */
export function derivedKey({ BETTER_AUTH_SECRET: secret }: Env, purpose: string): Uint8Array<ArrayBuffer> {
  const name = `${purpose} ${secret}`;
  const key = derivedKeys.get(name) ?? new Uint8Array(hkdfSync("sha256", secret, "", purpose, 32));
  derivedKeys.set(name, key);
  return key;
}

const sealingKey = (env: Env) =>
  crypto.subtle.importKey("raw", derivedKey(env, "sealed-answer"), "AES-GCM", false, ["encrypt", "decrypt"]);

/** A secret as it may lie in the database beside the answer that shows it: AES-256-GCM in base64url. */
export async function seal(env: Env, secret: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const text = new TextEncoder().encode(secret);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealingKey(env), text);
  return Buffer.concat([iv, new Uint8Array(sealed)]).toString("base64url");
}

/** An answer `{"<object>": {"<member>": sealed}}` with its secret readable, for the client. */
export async function unsealed<A extends { body: string }>(
  env: Env,
  answer: A,
  object: string,
  member: string,
): Promise<A> {
  const body = JSON.parse(answer.body) as Record<string, Record<string, unknown>>;
  const bytes = Buffer.from(String(body[object]?.[member]), "base64url");
  const iv = bytes.subarray(0, IV_BYTES);
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await sealingKey(env), bytes.subarray(IV_BYTES));
  const shown = { ...body, [object]: { ...body[object], [member]: new TextDecoder().decode(text) } };
  return { ...answer, body: JSON.stringify(shown) };
}
