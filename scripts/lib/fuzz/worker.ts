import { Response } from "miniflare";
import { startLocalWorker } from "../local-worker.ts";

/** What Stripe's events are signed with. */
export const STRIPE_SECRET = "whsec_fuzz";

/**
 * The Worker with everything switched on, so that no door is closed to the requests. Whomever it sends something to
 * answers as the address says: with the status that its path ends in, and else with 200.
 */
export const startFuzzWorker = () =>
  startLocalWorker(
    { ALLOW_LOCAL_TARGETS: "true", STRIPE_SECRET_KEY: "sk_test_fuzz", STRIPE_WEBHOOK_SECRET: STRIPE_SECRET },
    (request) =>
      new Response("ok", { status: Number(/\/([2-5][0-9][0-9])$/.exec(new URL(request.url).pathname)?.[1] ?? 200) }),
  );
