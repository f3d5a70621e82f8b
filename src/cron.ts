import { createContext, realWorld, type World } from "./context.ts";
import { cleanUp, RETENTION_DAYS } from "./deliveries/cleanup.ts";
import { sweep } from "./deliveries/sweep.ts";
import { settleEmails } from "./emails/settle.ts";
import type { Bindings } from "./env.ts";
import { purgeExpired } from "./retention.ts";
import { remind } from "./tickets/escalate.ts";
import { pabblyEndpointReady } from "./webhooks/pabbly.ts";

/** The nightly expression in wrangler.toml; any other run is the one of each minute. */
const NIGHTLY = "17 7 * * *";

/** Three statements each: with those of `cleanUp`, the night stays within the fifty of one invocation. */
const PURGES_PER_NIGHT = 5;

/** What a cron trigger does. Every part may run twice or late without harm. */
export async function runCron(cron: string, bindings: Bindings, world: World = realWorld): Promise<void> {
  const ctx = createContext(bindings, world, { cron });
  await pabblyEndpointReady(ctx);
  if (cron === NIGHTLY) {
    for (let run = 0; run < PURGES_PER_NIGHT && (await purgeExpired(ctx)) > 0; run++);
    await cleanUp(ctx, { older_than_hours: RETENTION_DAYS * 24, status: "completed", dry_run: false });
    return;
  }
  await remind(ctx);
  await sweep(ctx);
  await settleEmails(ctx);
}
