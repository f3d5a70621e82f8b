import { onTestFinished, vi } from "vitest";
import { realWorld, type World } from "../../src/world.ts";

/**
 * Notes how long every request of this test is meant to be waited for, in milliseconds.
 *
 * @param instead lets them all run out after this time: only for tests in which nothing answers.
 */
export function watchTimeouts(instead?: number): number[] {
  const meant: number[] = [];
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
    meant.push(milliseconds);
    return timeout(instead ?? milliseconds);
  });
  onTestFinished(() => spy.mockRestore());
  return meant;
}

/**
 * Requests as they are, but those to an address of `hanging` run out after `ms` already, as their own timeout would
 * let them.
 */
export const impatient =
  (hanging: string[], ms = 300): World["fetch"] =>
  (input, init) => {
    if (!hanging.includes(String(input))) return realWorld.fetch(input, init);
    const runOut = new AbortController();
    setTimeout(() => runOut.abort(new DOMException("The operation timed out", "TimeoutError")), ms);
    return realWorld.fetch(input, { ...init, signal: runOut.signal });
  };
