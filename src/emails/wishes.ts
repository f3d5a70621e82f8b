import type { Context } from "../context.ts";
import type { Outcome } from "../deliveries/job.ts";
import { quietUntil } from "../time/quiet-hours.ts";

// What the people who are written to want at this moment. It is asked again at each try.

/** SQL that holds when a customer who has the address `address` allows no e-mail. */
export const refusedByCustomer = (address: string): string => `
  EXISTS (SELECT 1 FROM contact_methods cm JOIN contact_preferences cp ON cp.customer_id = cm.customer_id
          WHERE cm.kind = 'email' AND cm.value = ${address} AND cp.allow_email = 0)`;

/** SQL that holds when the address `address` wants no e-mail: it said so, or a customer's preferences do. */
export const optedOut = (address: string, digest: string): string => `
  (EXISTS (SELECT 1 FROM email_opt_outs o WHERE o.address_digest = ${digest}) OR ${refusedByCustomer(address)})`;

/** Puts a delivery off until the customer's quiet hours end; null when it may go now. */
export function duringQuietHours(
  ctx: Context,
  { quiet_from, quiet_until }: { quiet_from: string | null; quiet_until: string | null },
): Outcome | null {
  if (quiet_from === null || quiet_until === null) return null;
  const until = quietUntil(ctx.now(), quiet_from, quiet_until, ctx.env.TIME_ZONE);
  return until && { result: "postponed", until, error: "quiet hours" };
}
