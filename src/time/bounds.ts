/** The first and the last instant that the API takes (contract section 1). */
export const FIRST_INSTANT = "2000-01-01T00:00:00.000Z";
export const LAST_INSTANT = "2099-12-31T23:59:59.999Z";

const FIRST_MS = Date.parse(FIRST_INSTANT);
const LAST_MS = Date.parse(LAST_INSTANT);

/**
 * The instant in UTC with milliseconds, whatever its offset was; null outside of 2000-2099.
 *
 * @param milliseconds since 1970; NaN where there was none to read.
 */
export const boundedInstant = (milliseconds: number): string | null =>
  milliseconds >= FIRST_MS && milliseconds <= LAST_MS ? new Date(milliseconds).toISOString() : null;
