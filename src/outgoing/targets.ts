import ipaddr from "ipaddr.js";

// Names that never lead to a public host: RFC 6761, RFC 6762, RFC 8375 and what routers and clouds use inside.
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "home.arpa",
  "onion",
  "test",
  "invalid",
];

function isPublicAddress(literal: string): boolean {
  const address = ipaddr.parse(literal);
  // ::a.b.c.d, the form that RFC 4291 section 2.5.5.1 has retired, hides an IPv4 address.
  const embedsIPv4 = address instanceof ipaddr.IPv6 && address.parts.slice(0, 6).every((part) => part === 0);
  return !embedsIPv4 && address.range() === "unicast";
}

/**
 * Whether this address may be sent to: `https` to a public host. Checked when it is saved and again when it is sent,
 * since the rules, not the row, decide. URL parsing has already turned decimal, hex and octal hosts into dotted ones.
 *
 * @param allowLocal admits `http://localhost` and `127.0.0.1` as well (ALLOW_LOCAL_TARGETS).
 */
export function isAllowedTarget(address: string, allowLocal: boolean): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.username || url.password) return false;
  const host = url.hostname.replace(/\.$/, "");
  if (allowLocal && url.protocol === "http:" && (host === "localhost" || host === "127.0.0.1")) return true;
  if (url.protocol !== "https:" || host !== url.hostname) return false;
  const literal = host.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return isPublicAddress(literal);
  if (!host.includes(".")) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}
