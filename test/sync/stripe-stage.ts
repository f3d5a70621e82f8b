import { inject } from "vitest";
import { realWorld } from "../../src/world.ts";
import { type Stage, stage } from "../deliveries/stage.ts";
import { openAccount, type StripeAccount } from "./stripe-account.ts";
import { CLOCK_HEADER } from "./stripe-protocol.ts";

/** The application with a Stripe account of its own, whose clock is the stage's. */
export function stripeStage(settings: Record<string, unknown> = {}): { on: Stage; stripe: StripeAccount } {
  const stripe = openAccount(inject("stripe"));
  const on: Stage = stage({
    settings: { STRIPE_SECRET_KEY: stripe.key, STRIPE_API_BASE: stripe.origin, ...settings },
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set(CLOCK_HEADER, String(on.time()));
      return realWorld.fetch(input, { ...init, headers });
    },
  });
  return { on, stripe };
}
