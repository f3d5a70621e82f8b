import { onTestFinished, vi } from "vitest";

/**
 * Lets every timeout of this test's requests run out after `ms` already.
 *
 * @returns how many milliseconds each was meant to last.
 */
export function shortenTimeouts(ms: number): number[] {
  const meant: number[] = [];
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
    meant.push(milliseconds);
    return timeout(ms);
  });
  onTestFinished(() => spy.mockRestore());
  return meant;
}
