import type * as schema from "./schema.ts";

type Schema = typeof schema;

/**
 * An INSERT of rows that the database works out itself.
 *
 * @param columns SQL for each value, in the order in which placeholders are bound; other columns take their default.
 * @param from what follows the values: FROM, WHERE, ORDER BY.
 */
export const insertSelect = <Table extends keyof Schema>(
  table: Table,
  columns: { [Column in keyof Schema[Table]["$inferSelect"] & string]?: string },
  from = "",
): string =>
  `INSERT INTO ${table} (${Object.keys(columns).join(", ")}) SELECT ${Object.values(columns).join(", ")} ${from}`;

/** SQL for the id that the running batch has given last in this table: a batch is alone, so the newest row is its own. */
export const newestId = (table: keyof Schema): string => `(SELECT MAX(id) FROM ${table})`;
