import { createHash } from "node:crypto";
import type { Env } from "../env.ts";
import { isAllowedTarget } from "../outgoing/targets.ts";

/** The push services of the browsers: Chrome and Edge, Firefox, Safari, old Edge. A leading dot admits subdomains. */
const PUSH_SERVICE_HOSTS = [
  "fcm.googleapis.com",
  "jmt17.google.com",
  "updates.push.services.mozilla.com",
  "web.push.apple.com",
  ".push.apple.com",
  ".notify.windows.com",
];

/**
 * The one spelling of a subscription's endpoint, without its fragment (RFC 3986 section 6.2.2): what is stored, compared
 * and sent to.
 *
 * @returns null when it does not lead to a known push service on port 443, so that nobody can point our requests
 *   elsewhere. ALLOW_LOCAL_TARGETS admits `http://localhost` and `127.0.0.1` at any port.
 */
export function pushEndpoint(endpoint: string, env: Env): string | null {
  if (!isAllowedTarget(endpoint, env.ALLOW_LOCAL_TARGETS)) return null;
  const url = new URL(endpoint);
  url.hash = "";
  url.pathname = url.pathname.replace(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : octet.toUpperCase();
  });
  if (url.protocol === "http:") return url.href;
  const isKnown = [...PUSH_SERVICE_HOSTS, ...env.PUSH_HOSTS].some((known) =>
    known.startsWith(".") ? url.hostname.endsWith(known) : url.hostname === known,
  );
  return isKnown && url.port === "" ? url.href : null;
}

/** A digest by which an endpoint is recognised without being kept: whoever knows an endpoint can buzz the device. */
export const endpointDigest = (endpoint: string): string => createHash("sha256").update(endpoint).digest("base64url");
