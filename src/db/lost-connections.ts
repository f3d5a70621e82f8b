import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { isTransient } from "./errors.ts";

/** Waits before the second and third try. */
const DELAYS_MS = [100, 300];

/**
 * Runs a write through D1's lost connections, of which nobody knows whether they came before or after the commit.
 *
 * @param repeatable a second run after a first that took place does no harm: only then is it tried again.
 * @throws AppError `database_unavailable`, and whatever `write` throws.
 */
export async function throughLostConnections<T>(
  ctx: Context,
  repeatable: boolean,
  write: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (!isTransient(error)) throw error;
      const delay = DELAYS_MS[attempt];
      if (!repeatable || delay === undefined) {
        throw new AppError("database_unavailable", { headers: { "retry-after": "1" } });
      }
      ctx.log.warn("database_retry", { attempt: attempt + 1 });
      await ctx.sleep(delay);
    }
  }
}
