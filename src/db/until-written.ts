import type { World } from "../world.ts";
import { databaseUnavailable } from "./errors.ts";

/** Longest wait before another try, times the tries made so far, and at most WAIT_MAX_MS. */
const WAIT_MS = 10;
const WAIT_MAX_MS = 500;
const TRIES = 60;

/**
 * Tries until a change is written: whoever is overtaken reads again and works it out anew.
 *
 * @param attempt gives null when it was overtaken.
 * @throws AppError `database_unavailable` when others were quicker all the time, and whatever `attempt` throws.
 */
export async function untilWritten<T>(ctx: World, attempt: () => Promise<T | null>): Promise<T> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const result = await attempt();
    if (result !== null) return result;
    await ctx.sleep(Math.random() * Math.min(tries * WAIT_MS, WAIT_MAX_MS));
  }
  throw databaseUnavailable();
}
