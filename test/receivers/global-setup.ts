import type { TestProject } from "vitest/node";
import { startStripe } from "../sync/stripe-stand-in.ts";
import { startReceivers } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Origin of the receivers that all tests of this run share; each test opens its own address there. */
    receivers: string;
    /** Origin of the stand-in for Stripe; each secret key is an account of its own there. */
    stripe: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [receivers, stripe] = await Promise.all([startReceivers(), startStripe()]);
  project.provide("receivers", receivers.origin);
  project.provide("stripe", stripe.origin);
  return async () => {
    await Promise.all([receivers.close(), stripe.close()]);
  };
}
