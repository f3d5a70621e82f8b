/** The outside world, so that a test can own the clock and the waiting. */
export interface World {
  /** The current instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
  /** How the Worker reaches push services, webhooks and Stripe. */
  fetch: typeof fetch;
}

export const realWorld: World = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  fetch: (input, init) => fetch(input, init),
};

/** The same context with its clock standing still: one instant for all that a request writes and compares with. */
export function atOneInstant<C extends World>(ctx: C): C {
  const now = ctx.now();
  return { ...ctx, now: () => now };
}
