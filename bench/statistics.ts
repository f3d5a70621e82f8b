/** The value below which the share `p` (0 to 1) of the values lies, by the nearest-rank method; null without values. */
export function percentile(values: number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? null;
}

/** The middle value, or the mean of the two in the middle; null without values. */
export function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

/**
 * The median of what two cases gave in the same rounds, divided by each other round by round: whatever disturbs the
 * machine for some seconds falls on both sides of a fraction.
 */
export function pairedRatio(above: number[], below: number[]): number | null {
  const quotients = above.map((value, round) => value / (below[round] ?? Number.NaN));
  return median(quotients.filter((quotient) => !Number.isNaN(quotient)));
}
