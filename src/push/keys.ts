const decode = (text: string): Buffer | null => (/^[\w-]+={0,2}$/.test(text) ? Buffer.from(text, "base64url") : null);

/** Whether messages can be encrypted for these keys of a subscription (RFC 8291): a point of P-256, and 16 bytes. */
export async function areUsableKeys({ p256dh, auth }: { p256dh: string; auth: string }): Promise<boolean> {
  const point = decode(p256dh);
  if (point?.length !== 65 || decode(auth)?.length !== 16) return false;
  return crypto.subtle.importKey("raw", point, { name: "ECDH", namedCurve: "P-256" }, false, []).then(
    () => true,
    () => false,
  );
}
