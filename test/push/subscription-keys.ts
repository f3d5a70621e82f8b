import { createECDH, randomBytes } from "node:crypto";
import ece from "http_ece";
import type { Received } from "../receivers/protocol.ts";

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
      const body = Buffer.from(received.body, "base64");
      return ece.decrypt(body, { version: "aes128gcm", privateKey: pair, authSecret: auth }).toString("utf8");
    },
  };
}
