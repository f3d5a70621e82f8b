import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from "node:crypto";
import type { Received } from "../receivers/protocol.ts";

const TAG_BYTES = 16;

/** Reads an encrypted message as a browser does, after RFC 8188 and RFC 8291 and not after the sender's library. */
export function decryptPush(body: Buffer, pair: ECDH, authSecret: string): string {
  const salt = body.subarray(0, 16);
  const senderEnd = 21 + body.readUInt8(20);
  const sender = body.subarray(21, senderEnd);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), pair.getPublicKey(), sender]);
  const secret = hkdfSync("sha256", pair.computeSecret(sender), Buffer.from(authSecret, "base64url"), info, 32);
  const derived = (name: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", Buffer.from(secret), salt, `Content-Encoding: ${name}\0`, bytes));
  const decipher = createDecipheriv("aes-128-gcm", derived("aes128gcm", 16), derived("nonce", 12));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(body.subarray(senderEnd, -TAG_BYTES)), decipher.final()]).toString(
    "utf8",
  );
  if (!text.endsWith("\x02")) throw new Error("not the last record");
  return text.slice(0, -1);
}

/** Key pair and secret of a browser's subscription. */
export function subscriptionKeys() {
  const pair = createECDH("prime256v1");
  pair.generateKeys();
  const auth = randomBytes(16).toString("base64url");
  return {
    keys: { p256dh: pair.getPublicKey().toString("base64url"), auth },
    /** The message inside a push that must have come, by an implementation that is not the sender's (RFC 8291). */
    decrypt(received: Received | undefined): string {
      if (!received) throw new Error("nothing came");
      return decryptPush(Buffer.from(received.body, "base64"), pair, auth);
    },
  };
}
