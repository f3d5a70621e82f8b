import { AppError } from "../problem.ts";

/**
 * Messages along the `cause` chain: drivers and query builders wrap D1's own error, some more than once. A query
 * builder's own message is passed over, since it quotes the bound parameters, that is, whatever a person has typed.
 */
function* messages(error: unknown): Generator<string> {
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    if (!error.message.startsWith("Failed query: ")) yield error.message;
    error = error.cause;
  }
}

/** Whether an error, or what caused it, says this. */
export const mentions = (error: unknown, text: string): boolean => {
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

const LOST = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue",
];
/** Too much to do, or stuck: another try of ours would only add to it. */
const BUSY = ["D1 DB is overloaded", "exceeded timeout", "limit and was reset", "SQLITE_BUSY", "SQLITE_LOCKED"];
/** No room for more, by the database's or the account's limits: somebody has to make some. */
const FULL = ["Exceeded maximum DB size", "SQLITE_FULL", "Your account has exceeded D1's"];

/**
 * Whether D1 lost the connection, so that nobody knows whether the write took place.
 * Retry only what an idempotency record guards.
 */
export const isTransient = (error: unknown): boolean => LOST.some((text) => mentions(error, text));

/** The answer for a database that cannot do it now. `seconds`: when to try again. */
export const databaseUnavailable = (seconds = 1): AppError =>
  new AppError("database_unavailable", { headers: { "retry-after": String(seconds) } });

/** The answer when D1 is out of reach, busy or full; null for an error of another kind. */
export function unavailability(error: unknown): AppError | null {
  if (isTransient(error)) return databaseUnavailable();
  if (BUSY.some((text) => mentions(error, text))) return databaseUnavailable(5);
  return FULL.some((text) => mentions(error, text)) ? databaseUnavailable(60) : null;
}
