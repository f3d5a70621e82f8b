import Stripe from "stripe";
import type { Outcome } from "../deliveries/job.ts";
import { retryAfterSeconds } from "../outgoing/retry-after.ts";
import type { PauseReason } from "../vocabulary/deliveries.ts";

const { errors } = Stripe;

/** What a failed request to Stripe means for its delivery. */
export interface Failure {
  outcome: Outcome;
  /** Stripe would give this answer again to the same idempotency key. */
  spendsKey: boolean;
  /** The credential was refused: nothing of the channel can succeed until that is mended. */
  pause?: PauseReason;
}

/** Names as Stripe gives them: `email`, `metadata[customer_id]`, `lock_timeout`. Anything else is not repeated. */
const named = (value: unknown): string | null =>
  typeof value === "string" && /^[\w.[\]-]{1,100}$/.test(value) ? value : null;

// Stripe's own message may quote the key or what was sent, so only names go into our records.
function describe(kind: string, error: Stripe.errors.StripeError): string {
  const param = named(error.param);
  const details = [named(error.code), named(error.requestId)].filter((detail) => detail !== null);
  return `${kind}${param ? `: ${param}` : ""}${details.length > 0 ? ` (${details.join(", ")})` : ""}`;
}

/** Whether Stripe says that there is no such customer (any more). */
export const isMissing = (error: unknown): boolean =>
  error instanceof errors.StripeInvalidRequestError && error.code === "resource_missing";

/**
 * Reads an error by its class (https://docs.stripe.com/error-low-level): what may be repeated, when, and under which key.
 *
 * @returns null for an error that is not Stripe's.
 */
export function readFailure(error: unknown, now: Date): Failure | null {
  if (!(error instanceof errors.StripeError)) return null;
  const http_status = error.statusCode ?? null;
  const failed = (kind: string): Failure => ({
    outcome: { result: "failed", http_status, error: describe(kind, error) },
    spendsKey: true,
  });
  const retry = (kind: string, spendsKey: boolean): Failure => ({
    outcome: {
      result: "retry",
      http_status,
      error: describe(kind, error),
      retryAfterSeconds: retryAfterSeconds(error.headers?.["retry-after"] ?? null, now),
    },
    spendsKey,
  });
  const refused = (reason: PauseReason, spendsKey: boolean): Failure => ({
    outcome: { result: "postponed", http_status, error: describe(`${reason} refused`, error) },
    spendsKey,
    pause: reason,
  });

  if (error instanceof errors.StripeConnectionError) return retry("no answer", false);
  // Limits and locks are looked at before the key is, so the same request may be sent under it again.
  if (error instanceof errors.StripeRateLimitError) {
    return retry(error.code === "lock_timeout" ? "locked" : "rate limited", false);
  }
  if (error instanceof errors.StripeAuthenticationError) return refused("authentication", false);
  if (error instanceof errors.StripePermissionError) return refused("permission", true);
  if (error instanceof errors.StripeIdempotencyError) return retry("idempotency key refused", true);
  if (error instanceof errors.StripeAPIError) {
    // 409: the first request under this key is still at work. No status: what came was not Stripe's answer.
    const open = http_status === 409 || http_status === null;
    return retry(http_status === 409 ? "conflict" : "server error", !open);
  }
  if (error.headers?.["stripe-should-retry"] === "true") return retry("refused for now", true);
  return failed(error instanceof errors.StripeCardError ? "declined" : "invalid request");
}
