import type { ActorContext } from "../../context.ts";

/** A counter that an import touches, with the highest number that its lines bring along. */
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

// The highest number that a counter has to stand at: of the file and of the tickets that exist.
// '.' follows '-' in ASCII, so the range holds exactly the numbers of this code and month.
const HIGHEST = `
  SELECT g.code AS code, g.month AS month,
         MAX(g.highest,
             COALESCE((SELECT MAX(CAST(substr(t.ticket_id, length(g.code) + 7) AS INTEGER)) FROM tickets t
                       WHERE t.ticket_id >= g.code || '-' || g.month || '-'
                         AND t.ticket_id < g.code || '-' || g.month || '.'), 0)) AS highest
  FROM (SELECT value ->> 'code' AS code, value ->> 'month' AS month, value ->> 'highest' AS highest
        FROM json_each(?)) AS g`;

const RAISE = `
  INSERT INTO ticket_counters (code, month, last_number)
  SELECT code, month, highest FROM (${HIGHEST}) WHERE highest >= 1
  ON CONFLICT (code, month) DO UPDATE SET last_number = MAX(last_number, excluded.last_number)`;

/** A statement that brings counters up to every number in use and to those that are about to be. */
export const raiseCounters = (ctx: ActorContext, groups: CounterGroup[]): D1PreparedStatement =>
  ctx.env.DB.prepare(RAISE).bind(JSON.stringify(groups));

/** Where each counter would stand after `raiseCounters`, without moving it: for a dry run. By `groupKey`. */
export async function previewCounters(ctx: ActorContext, groups: CounterGroup[]): Promise<Map<string, number>> {
  const { results } = await ctx.env.DB.prepare(
    `SELECT h.code, h.month, MAX(h.highest, COALESCE(c.last_number, 0)) AS last_number
     FROM (${HIGHEST}) AS h LEFT JOIN ticket_counters c ON c.code = h.code AND c.month = h.month`,
  )
    .bind(JSON.stringify(groups))
    .all<{ code: string; month: string; last_number: number }>();
  return new Map(results.map((row) => [groupKey(row.code, row.month), row.last_number]));
}
