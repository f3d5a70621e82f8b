import { forgetGuesses } from "./auth/throttle.ts";
import { type Context, createContext, realWorld, type World } from "./context.ts";
import { cleanUp, RETENTION_DAYS } from "./deliveries/cleanup.ts";
import { sweep } from "./deliveries/sweep.ts";
import { settleEmails } from "./emails/settle.ts";
import type { Bindings } from "./env.ts";
import { describeError } from "./log.ts";
import { forgetExpiredEndpoints } from "./push/subscriptions.ts";
import { purgeExpired } from "./retention.ts";
import { keepDays } from "./stats/kept-days.ts";
import { remind } from "./tickets/escalate.ts";
import { pabblyEndpointReady } from "./webhooks/pabbly.ts";

/** The nightly expression in wrangler.toml; any other run is the one of each minute. */
const NIGHTLY = "17 7 * * *";

/** Three statements each: with those of `cleanUp`, the night stays within the fifty of one invocation. */
const PURGES_PER_NIGHT = 5;

async function purge(ctx: Context): Promise<void> {
  for (let run = 0; run < PURGES_PER_NIGHT && (await purgeExpired(ctx)) > 0; run++);
}

async function cleanUpCompleted(ctx: Context): Promise<void> {
  await cleanUp(ctx, { older_than_hours: RETENTION_DAYS * 24, status: "completed", dry_run: false });
}

const EACH_NIGHT = [purge, cleanUpCompleted, forgetExpiredEndpoints, forgetGuesses];
// What has to go out comes first. Reminders are for endpoints that must be there; e-mails are settled after the sweep,
// which may have given some up. Figures wait for nobody.
const EACH_MINUTE = [sweep, pabblyEndpointReady, remind, settleEmails, keepDays];

/**
 * What a cron trigger does. Every part may run twice or late without harm, and one that fails stops no other.
 *
 * @throws what the first part that failed has thrown, when all have been run.
 */
export async function runCron(cron: string, bindings: Bindings, world: World = realWorld): Promise<void> {
  const ctx = createContext(bindings, world, { cron });
  const failures: unknown[] = [];
  for (const part of cron === NIGHTLY ? EACH_NIGHT : EACH_MINUTE) {
    try {
      await part(ctx);
    } catch (error) {
      ctx.log.error("cron_part_failed", { part: part.name, ...describeError(error) });
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
