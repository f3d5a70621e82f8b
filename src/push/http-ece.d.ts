declare module "http_ece" {
  import type { ECDH } from "node:crypto";

  interface Parameters {
    version: "aes128gcm";
    /** Base64url, of the browser. */
    dh: string;
    authSecret: string;
    /** Of the sender, for this message only. */
    privateKey: ECDH;
  }

  const ece: { encrypt(text: Buffer, parameters: Parameters): Buffer };
  export default ece;
}
