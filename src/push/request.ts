import { createECDH } from "node:crypto";
import ece from "http_ece";
import { importJWK, SignJWT } from "jose";
import type { DeliveryContext } from "../deliveries/job.ts";

/** The standard allows a day. */
const TOKEN_MS = 12 * 60 * 60_000;

const COORDINATE_BYTES = 32;

/** Says who sends, signed with the key that browsers were told (RFC 8292). */
async function authorization({ env, now }: DeliveryContext, endpoint: string): Promise<string> {
  const point = Buffer.from(env.VAPID_PUBLIC_KEY, "base64url");
  const [x, y] = [1, 1 + COORDINATE_BYTES].map((from) =>
    point.subarray(from, from + COORDINATE_BYTES).toString("base64url"),
  );
  const key = await importJWK({ kty: "EC", crv: "P-256", x, y, d: env.VAPID_PRIVATE_KEY }, "ES256");
  const token = await new SignJWT()
    .setProtectedHeader({ typ: "JWT", alg: "ES256" })
    .setAudience(new URL(endpoint).origin)
    .setSubject(env.VAPID_SUBJECT)
    .setExpirationTime(new Date(now().getTime() + TOKEN_MS))
    .sign(key);
  return `vapid t=${token}, k=${env.VAPID_PUBLIC_KEY}`;
}

/** Encrypts a text for one browser alone (RFC 8291). @param keys for which `areUsableKeys` holds. */
function encrypted(keys: { p256dh: string; auth: string }, text: string): Buffer {
  const privateKey = createECDH("prime256v1");
  privateKey.generateKeys();
  return ece.encrypt(Buffer.from(text), { version: "aes128gcm", dh: keys.p256dh, authSecret: keys.auth, privateKey });
}

/**
 * The request that brings a text to a device (RFC 8030).
 *
 * @param options.ttl seconds that the push service may keep it.
 * @param options.topic a later message under it replaces one that the device has not fetched yet.
 */
export async function pushRequest(
  ctx: DeliveryContext,
  device: { endpoint: string; p256dh: string; auth: string },
  text: string,
  options: { ttl: number; urgency: "normal" | "high"; topic?: string },
): Promise<{ method: "POST"; headers: Record<string, string>; body: Buffer }> {
  return {
    method: "POST",
    headers: {
      authorization: await authorization(ctx, device.endpoint),
      "content-encoding": "aes128gcm",
      "content-type": "application/octet-stream",
      ttl: String(options.ttl),
      urgency: options.urgency,
      ...(options.topic && { topic: options.topic }),
    },
    body: encrypted(device, text),
  };
}
