import Stripe from "stripe";
import type { Context } from "../context.ts";

/** One request; the sequence of them that one delivery may need fits its lease (LEASE_SECONDS). */
const TIMEOUT_MS = 20_000;

/**
 * Stripe's own library over `ctx.fetch`. It repeats nothing by itself: the outbox does, with its waits and its record.
 */
export function stripeClient(ctx: Context, secretKey: string): Stripe {
  const base = new URL(ctx.env.STRIPE_API_BASE);
  const protocol = base.protocol === "http:" ? "http" : "https";
  // A redirect would take the key along to another host.
  const leave: typeof fetch = (input: RequestInfo | URL, init?: RequestInit) =>
    ctx.fetch(input, { ...init, redirect: "manual" });
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(leave),
    protocol,
    host: base.hostname,
    port: base.port || (protocol === "http" ? "80" : "443"),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
  });
}
