import type * as schema from "./schema.ts";

/** Timelines, each with the column of whom an entry is about. Entries stand together by it and their ids. */
const OWNERS = { ticket_timeline: "ticket_id", machine_timeline: "machine_id" } as const;

type Timeline = keyof typeof OWNERS;

/**
 * SQL that adds entries to timelines. An id holds its owner's, so that no two entries share one though no index looks after
 * it: the owner's times 2^20, and from 1 the place of the entry.
 *
 * @param columns SQL for each value, the owner's among them, in the order in which placeholders are bound.
 * @param from what follows the values: FROM, WHERE.
 * @param order SQL of the order of several entries of one timeline.
 */
export function insertEntries<Table extends Timeline>(
  timeline: Table,
  columns: { [Column in keyof (typeof schema)[Table]["$inferSelect"] & string]?: string },
  from: string,
  order = "1",
): string {
  const owner = OWNERS[timeline];
  const names = Object.keys(columns);
  const values = Object.entries(columns).map(([name, value]) => `${value} AS ${name}`);
  return `
    INSERT INTO ${timeline} (id, ${names.join(", ")})
    SELECT MAX(COALESCE((SELECT MAX(id) FROM ${timeline} WHERE ${owner} = added.${owner}), 0), added.${owner} << 20)
             + ROW_NUMBER() OVER (PARTITION BY added.${owner} ORDER BY added.nth),
           ${names.map((name) => `added.${name}`).join(", ")}
    FROM (SELECT ${values.join(", ")}, ${order} AS nth ${from}) AS added`;
}
