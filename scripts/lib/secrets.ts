import { randomBytes } from "node:crypto";
import webPush from "web-push";

/** Secrets that the Worker uses when they are there. */
export const OPTIONAL_SECRETS = ["PABBLY_WEBHOOK_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"];

export type Secrets = Record<string, string> & { BETTER_AUTH_SECRET: string };

/** Fresh values for every secret that the Worker requires. */
export function freshSecrets(): Secrets {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  return {
    BETTER_AUTH_SECRET: randomBytes(32).toString("base64url"),
    VAPID_PUBLIC_KEY: publicKey,
    VAPID_PRIVATE_KEY: privateKey,
  };
}
