import { expect } from "vitest";
import type { StripeAccount } from "./stripe-account.ts";
import { stripeStage } from "./stripe-stage.ts";

const accounts: StripeAccount[] = [];

/** A stage whose account `conforms` looks at. */
export function open(settings: Record<string, unknown> = {}) {
  const opened = stripeStage(settings);
  accounts.push(opened.stripe);
  return opened;
}

/** Every request since the last call conformed to Stripe's OpenAPI description, in every account that was opened. */
export async function conforms(): Promise<void> {
  for (const account of accounts.splice(0)) expect((await account.report()).faults).toEqual([]);
}

export const JEANNE = {
  name: "Jeanne Tremblay",
  company: "Atelier Tremblay",
  email: "jeanne@atelier.example",
  phone: "+15145550123",
  language: "fr" as const,
};
