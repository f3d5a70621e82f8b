import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { bodyText } from "../deliveries/shop.ts";
import type { Received } from "../receivers/protocol.ts";

/**
 * Whether the official library accepts a request that came in at this moment: its signature, and its timestamp to
 * five minutes.
 */
export function verifies(received: Received | undefined, secret: string, at: number): boolean {
  const body = bodyText(received);
  vi.setSystemTime(at);
  try {
    new Webhook(secret).verify(body, received?.headers ?? {});
    return true;
  } catch {
    return false;
  } finally {
    vi.useRealTimers();
  }
}
