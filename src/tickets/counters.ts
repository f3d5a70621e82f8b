import type { Context } from "../context.ts";
import type { Fragment } from "../db/fragment.ts";

/** A counter, with the highest number that some lines of a file bring along. */
export interface CounterGroup {
  code: string;
  /** MMYY. */
  month: string;
  highest: number;
}

export const groupKey = (code: string, month: string): string => `${code}-${month}`;

/** The counters behind some lines. Numbers by year have none. */
export function counterGroups(lines: { code: string; month: string | null; number: number }[]): CounterGroup[] {
  const groups = new Map<string, CounterGroup>();
  for (const { code, month, number } of lines) {
    if (month === null) continue;
    const key = groupKey(code, month);
    groups.set(key, { code, month, highest: Math.max(number, groups.get(key)?.highest ?? 0) });
  }
  return [...groups.values()];
}

/** Counters as a SELECT of `code`, `month` and the `highest` number that each must stand at in any case. */
export const listed = (groups: CounterGroup[]): Fragment => ({
  sql: `SELECT value ->> 'code' AS code, value ->> 'month' AS month, value ->> 'highest' AS highest FROM json_each(?)`,
  params: [JSON.stringify(groups)],
});

// The highest number that a counter has to stand at: of those asked for and of the tickets that exist.
// '.' follows '-' in ASCII, so the range holds exactly the numbers of this code and month.
const highest = (counters: string) => `
  SELECT g.code AS code, g.month AS month,
         MAX(g.highest,
             COALESCE((SELECT MAX(CAST(substr(t.ticket_id, length(g.code) + 7) AS INTEGER)) FROM tickets t
                       WHERE t.ticket_id >= g.code || '-' || g.month || '-'
                         AND t.ticket_id < g.code || '-' || g.month || '.'), 0)) AS highest
  FROM (${counters}) AS g`;

/** A statement that brings counters up to every number in use and to those that are about to be. @param counters as `listed` gives them. */
export const raiseCounters = (ctx: Context, counters: Fragment): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `INSERT INTO ticket_counters (code, month, last_number)
     SELECT code, month, highest FROM (${highest(counters.sql)}) WHERE highest >= 1
     ON CONFLICT (code, month) DO UPDATE SET last_number = MAX(last_number, excluded.last_number)`,
  ).bind(...counters.params);

/** A query of where each counter would stand after `raiseCounters`, without moving it, for `asPreview`. */
export function previewCounters(ctx: Context, groups: CounterGroup[]): D1PreparedStatement {
  const counters = listed(groups);
  return ctx.env.DB.prepare(
    `SELECT h.code, h.month, MAX(h.highest, COALESCE(c.last_number, 0)) AS last_number
     FROM (${highest(counters.sql)}) AS h LEFT JOIN ticket_counters c ON c.code = h.code AND c.month = h.month`,
  ).bind(...counters.params);
}

/** What this query has found, by `groupKey`. */
export const asPreview = (found: D1Result<unknown> | undefined): Map<string, number> =>
  new Map(
    ((found?.results ?? []) as { code: string; month: string; last_number: number }[]).map((row) => [
      groupKey(row.code, row.month),
      row.last_number,
    ]),
  );

/** SQL that takes the next numbers of counters. @param rows VALUES or a SELECT: code, month, how many. */
export const takeNumbers = (rows: string): string => `
  INSERT INTO ticket_counters (code, month, last_number) ${rows}
  ON CONFLICT (code, month) DO UPDATE SET last_number = last_number + excluded.last_number`;

/** A ticket's number as SQL: `CNC-1126-0001`. */
export const numberSql = (code: string, month: string, count: string): string =>
  `printf('%s-%s-%04d', ${code}, ${month}, ${count})`;
