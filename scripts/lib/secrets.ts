import { generateKeyPairSync, randomBytes } from "node:crypto";

/** Secrets that the Worker uses when they are there. */
export const OPTIONAL_SECRETS = ["PABBLY_WEBHOOK_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"];

export type Secrets = Record<string, string> & { BETTER_AUTH_SECRET: string };

/** A fresh VAPID key pair (RFC 8292), base64url: an uncompressed point of P-256 and its private scalar. */
export function freshVapidKeys() {
  const {
    x = "",
    y = "",
    d = "",
  } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  const coordinates = [x, y].map((text) => Buffer.from(text, "base64url"));
  return { publicKey: Buffer.concat([Buffer.of(4), ...coordinates]).toString("base64url"), privateKey: d };
}

/** Fresh values for every secret that the Worker requires. */
export function freshSecrets(): Secrets {
  const { publicKey, privateKey } = freshVapidKeys();
  return {
    BETTER_AUTH_SECRET: randomBytes(32).toString("base64url"),
    VAPID_PUBLIC_KEY: publicKey,
    VAPID_PRIVATE_KEY: privateKey,
  };
}
