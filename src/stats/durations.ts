const SECOND_MS = 1000;

/** Milliseconds as seconds with three decimals. */
export const toSeconds = (ms: number): number => Math.round(ms) / SECOND_MS;

/**
 * How many durations there are, with median and ninth decile by nearest rank: the smallest value that at least half
 * (nine tenths) of the values do not exceed.
 *
 * @param values milliseconds, in any order.
 */
export function summarize(values: readonly number[]) {
  const count = values.length;
  const sorted = Float64Array.from(values).sort();
  // Whole numbers throughout: 0.9 * 10 is not 9 everywhere.
  const atRank = (rank: number) => (count === 0 ? null : toSeconds(sorted[rank - 1] ?? Number.NaN));
  return {
    count,
    median_seconds: atRank(Math.floor((count + 1) / 2)),
    p90_seconds: atRank(Math.floor((count * 9 + 9) / 10)),
  };
}
