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

// Local fetches pass through a worker of miniflare's own. When a receiver hangs up, as it does on purpose, that worker
// logs the failure as its uncaught exception, although the caller catches the same one. These lines are left out. A
// rejection that a test or the code under test does not handle is reported by vitest itself, and fails the run.
const HUNG_UP = [
  /^exception = [^\n]*disconnected: stream disconnected prematurely\nstack: [^\n]*\n$/,
  /^uncaught exception; source = Uncaught \(in promise\); stack = Error: Network connection lost\.\n$/,
  /^uncaught exception; exception = [^\n]*jsg\.Error: Network connection lost\.\nstack: [^\n]*\n$/,
];

/** Leaves HUNG_UP out of what is written to this stream; returns what undoes that. */
function quietHangUps(stream: NodeJS.WriteStream): () => void {
  const write = stream.write;
  stream.write = ((...args: Parameters<typeof write>) =>
    HUNG_UP.some((line) => line.test(String(args[0]))) || write.apply(stream, args)) as typeof write;
  return () => {
    stream.write = write;
  };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [receivers, stripe] = await Promise.all([startReceivers(), startStripe()]);
  project.provide("receivers", receivers.origin);
  project.provide("stripe", stripe.origin);
  const undo = [process.stdout, process.stderr].map(quietHangUps);
  return async () => {
    for (const restore of undo) restore();
    await Promise.all([receivers.close(), stripe.close()]);
  };
}
