import { isAllowedTarget } from "../deliveries/targets.ts";
import type { Env } from "../env.ts";

/** The push services of the browsers: Chrome and Edge, Firefox, Safari, old Edge. A leading dot admits subdomains. */
const PUSH_SERVICE_HOSTS = [
  "fcm.googleapis.com",
  "jmt17.google.com",
  "updates.push.services.mozilla.com",
  "web.push.apple.com",
  ".push.apple.com",
  ".notify.windows.com",
];

/** Whether a subscription's endpoint leads to a push service, so that nobody can point our requests elsewhere. */
export function isAllowedPushEndpoint(endpoint: string, env: Env): boolean {
  if (!isAllowedTarget(endpoint, env.ALLOW_LOCAL_TARGETS)) return false;
  const { protocol, hostname } = new URL(endpoint);
  if (protocol === "http:") return true;
  return [...PUSH_SERVICE_HOSTS, ...env.PUSH_HOSTS].some((known) =>
    known.startsWith(".") ? hostname.endsWith(known) : hostname === known,
  );
}
