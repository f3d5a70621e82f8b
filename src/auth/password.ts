import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

// Native scrypt: the JavaScript fallback that a bundler would pick costs a Worker ten times the CPU.
const PARAMETERS = { N: 16384, r: 16, p: 1, maxmem: 128 * 16384 * 16 * 2 };
const KEY_BYTES = 64;

const derive = (password: string, salt: string): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, PARAMETERS, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );

/** Hashes a password as `<salt hex>:<scrypt hex>`, the format that better-auth itself stores. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16).toString("hex");
  return `${salt}:${(await derive(password, salt)).toString("hex")}`;
}

/** Whether `password` is the one that `hash` was made from; constant time in the comparison. */
export async function verifyPassword({ hash, password }: { hash: string; password: string }): Promise<boolean> {
  const [salt, key] = hash.split(":");
  if (!salt || !key) return false;
  const expected = Buffer.from(key, "hex");
  return expected.length === KEY_BYTES && timingSafeEqual(expected, await derive(password, salt));
}
