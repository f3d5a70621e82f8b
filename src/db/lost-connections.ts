import type { Logger } from "../log.ts";
import type { World } from "../world.ts";
import { isTransient, unavailability } from "./errors.ts";

/** Waits before the second and third try. */
const DELAYS_MS = [100, 300];

/**
 * Runs a write through D1's lost connections, of which nobody knows whether they came before or after the commit.
 * A database that is busy or full is not asked again.
 *
 * @param repeatable a second run after a first that took place does no harm: only then is it tried again.
 * @throws AppError `database_unavailable`, and whatever `write` throws.
 */
export async function throughLostConnections<T>(
  ctx: World & { log: Logger },
  repeatable: boolean,
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      const delay = isTransient(error) && repeatable ? DELAYS_MS[attempt] : undefined;
      if (delay === undefined) throw unavailability(error) ?? error;
      ctx.log.warn("database_retry", { attempt: attempt + 1 });
      await ctx.sleep(delay);
    }
  }
}
