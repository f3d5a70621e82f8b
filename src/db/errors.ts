/** Messages along the `cause` chain: drivers and query builders wrap D1's own error, some more than once. */
function* messages(error: unknown): Generator<string> {
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    yield error.message;
    error = error.cause;
  }
}

const mentions = (error: unknown, text: string): boolean => {
  for (const message of messages(error)) if (message.includes(text)) return true;
  return false;
};

/**
 * Whether D1 refused a write because of exactly this UNIQUE or PRIMARY KEY constraint.
 *
 * @param columns as SQLite names them: `tickets.ticket_id`, or `a.x, a.y` for a composite key.
 */
export const isUniqueViolation = (error: unknown, columns: string): boolean =>
  mentions(error, `UNIQUE constraint failed: ${columns}: `);

/** Whether D1 refused a write because this column (`table.column`) would have been NULL. */
export const isNotNullViolation = (error: unknown, column: string): boolean =>
  mentions(error, `NOT NULL constraint failed: ${column}: `);

const TRANSIENT = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue",
];

/**
 * Whether D1 lost the connection, so that nobody knows whether the write took place.
 * Retry only what an idempotency record guards.
 */
export const isTransient = (error: unknown): boolean => TRANSIENT.some((text) => mentions(error, text));
