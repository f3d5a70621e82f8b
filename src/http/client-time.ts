import type { Context } from "hono";
import type { AppEnv } from "../context.ts";

/** What requests take to arrive: clocks that differ by no more count as equal. */
const EQUAL_MS = 2000;

/**
 * What an instant of the sender's clock is by ours. Phones are minutes off, some hours: with `Client-Time`, the sender's
 * clock as it sends, an instant moves by as much as that differs from ours, and none lies ahead of now. Without it an
 * instant stays as it is.
 *
 * @param instant as it was sent; whatever is hashed for `Idempotency-Key` is that, since each try has another `Client-Time`.
 */
export function byOurClock<Instant extends string | null | undefined>(
  c: Context<AppEnv>,
  instant: Instant,
): Instant | string {
  const clientTime = c.req.header("client-time");
  if (!instant || clientTime === undefined) return instant;
  const now = c.get("ctx").now().getTime();
  const behind = now - Date.parse(clientTime);
  const shifted = Date.parse(instant) + (Math.abs(behind) > EQUAL_MS ? behind : 0);
  return new Date(Math.min(shifted, now)).toISOString();
}
