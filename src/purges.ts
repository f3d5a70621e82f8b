import { forgetChanges } from "./changes/forget.ts";
import type { Context } from "./context.ts";
import { purgeDeliveries } from "./deliveries/cleanup.ts";
import { forgetExpiredEndpoints } from "./push/subscriptions.ts";
import { purgeExpired } from "./retention.ts";
import { forgetGuesses } from "./sessions/throttle.ts";

interface Purge {
  /** Removes one batch; whether more may be left. */
  removeBatch(ctx: Context): Promise<boolean>;
  /** Batches of the nightly run, and of each minute that carries on. */
  perNight: number;
  perMinute: number;
}

/**
 * What is removed by age. An invocation has fifty statements: those of a night are 3 × 5 + 3 × 10 + 3 × 1, those of a minute
 * 3 × 2 + 3 × 5 + 3 × 1 beside what else it does, and two to keep count.
 */
const PURGES: Record<string, Purge> = {
  expired: { removeBatch: purgeExpired, perNight: 5, perMinute: 2 },
  deliveries: { removeBatch: purgeDeliveries, perNight: 10, perMinute: 5 },
  push_endpoints: { removeBatch: forgetExpiredEndpoints, perNight: 1, perMinute: 1 },
  guesses: { removeBatch: forgetGuesses, perNight: 1, perMinute: 1 },
  changes: { removeBatch: forgetChanges, perNight: 1, perMinute: 1 },
};

type Parts = Record<string, (ctx: Context) => Promise<void>>;

/** These purges as parts of a run, and one more that strikes the finished ones off the list. */
function asParts(names: string[], frequency: "perNight" | "perMinute"): Parts {
  const finished: string[] = [];
  const purges = Object.entries(PURGES).filter(([name]) => names.includes(name));
  const parts = purges.map(([name, purge]) => {
    const run = async (ctx: Context) => {
      for (let batch = 0; batch < purge[frequency]; batch++) {
        if (await purge.removeBatch(ctx)) continue;
        finished.push(name);
        return;
      }
    };
    return [`purge_${name}`, run] as const;
  });
  const strikeOff = async (ctx: Context) => {
    if (finished.length === 0) return;
    await ctx.env.DB.prepare("DELETE FROM unfinished_purges WHERE name IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(finished))
      .run();
  };
  return { ...Object.fromEntries(parts), strike_off_purges: strikeOff };
}

/** Notes all that the night has to remove before it begins, so that nothing is forgotten when it breaks off. */
async function noteAll(ctx: Context): Promise<void> {
  await ctx.env.DB.prepare(
    "INSERT INTO unfinished_purges (name, since) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
  )
    .bind(ctx.now().toISOString(), JSON.stringify(Object.keys(PURGES)))
    .run();
}

/** The parts of a nightly run, by name. */
export const purgesAtNight = (): Parts => ({ note_purges: noteAll, ...asParts(Object.keys(PURGES), "perNight") });

/** What the night has left, as parts of the run of a minute: mostly nothing, at the cost of reading no row. */
export async function unfinishedPurges(ctx: Context): Promise<Parts> {
  const { results } = await ctx.env.DB.prepare("SELECT name FROM unfinished_purges").all<{ name: string }>();
  return asParts(
    results.map((row) => row.name),
    "perMinute",
  );
}
