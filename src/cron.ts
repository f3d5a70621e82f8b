import { type Context, createContext } from "./context.ts";
import { sweep } from "./deliveries/sweep.ts";
import { settleEmails } from "./emails/settle.ts";
import type { Bindings } from "./env.ts";
import { describeError } from "./log.ts";
import { purgesAtNight, unfinishedPurges } from "./purges.ts";
import { keepDays } from "./stats/kept-days.ts";
import { remind } from "./tickets/escalate.ts";
import { fileWords } from "./tickets/filing.ts";
import { pabblyEndpointReady } from "./webhooks/pabbly.ts";
import { realWorld, type World } from "./world.ts";

/** The nightly expression in wrangler.toml; any other run is the one of each minute. */
const NIGHTLY = "17 7 * * *";

type Parts = Record<string, (ctx: Context) => Promise<void>>;

// What has to go out comes first. Reminders are for endpoints that must be there; e-mails are settled after the sweep,
// which may have given some up. Figures wait for nobody.
const EACH_MINUTE: Parts = { sweep, pabblyEndpointReady, remind, settleEmails, keepDays, fileWords };

/** Runs every part. @returns what those that failed have thrown. */
async function inTurn(ctx: Context, parts: Parts): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const [part, run] of Object.entries(parts)) {
    try {
      await run(ctx);
    } catch (error) {
      ctx.log.error("cron_part_failed", { part, ...describeError(error) });
      failures.push(error);
    }
  }
  return failures;
}

async function carryOn(ctx: Context): Promise<void> {
  const failures = await inTurn(ctx, await unfinishedPurges(ctx));
  if (failures.length > 0) throw failures[0];
}

/**
 * What a cron trigger does. Every part may run twice or late without harm, and one that fails stops no other.
 *
 * @throws what the first part that failed has thrown, when all have been run.
 */
export async function runCron(cron: string, bindings: Bindings, world: World = realWorld): Promise<void> {
  const ctx = createContext(bindings, world, { cron });
  const failures = await inTurn(ctx, cron === NIGHTLY ? purgesAtNight() : { ...EACH_MINUTE, carryOn });
  if (failures.length > 0) throw failures[0];
}
