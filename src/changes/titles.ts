import type { Context } from "../context.ts";

/** Titles of a machine that a phone offers. */
export const TITLES_SHOWN = 5;

/** The newest tickets of the shop that are looked at, none of them older than a year. */
const LOOKED_AT = 1000;
const YEAR_MS = 365 * 24 * 60 * 60_000;

/** A title, and how often a machine was reported with it. */
interface Reported {
  machine_id: number;
  title: string;
  times: number;
}

/** A query of what machines were reported with lately, for `frequentTitles`: the most frequent first, as it was last written. */
export const selectTitles = (ctx: Context): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `SELECT machine_id, title, COUNT(*) AS times, MAX(created_at) AS last
     FROM (SELECT t.machine_id, t.title, t.created_at FROM tickets t INDEXED BY tickets_created_at
           WHERE t.deleted_at IS NULL AND t.created_at >= ? ORDER BY t.created_at DESC, t.id DESC LIMIT ${LOOKED_AT})
     GROUP BY machine_id, title COLLATE NOCASE ORDER BY times DESC, last DESC, title`,
  ).bind(new Date(ctx.now().getTime() - YEAR_MS).toISOString());

/**
 * What machines are mostly reported with: each by its own titles, then by those of its type.
 *
 * @param rows what `selectTitles` has found.
 * @returns the titles of a machine, 5 at most.
 */
export function frequentTitles(rows: D1Result<unknown> | undefined, machines: { id: number; machine_type: string }[]) {
  const typeOf = new Map(machines.map(({ id, machine_type }) => [id, machine_type]));
  const reported = (rows?.results ?? []) as Reported[];
  const own = Map.groupBy(reported, ({ machine_id }) => machine_id);
  const alike = new Map<string, Map<string, number>>();
  for (const { machine_id, title, times } of reported) {
    const type = typeOf.get(machine_id) ?? "";
    const titles = alike.get(type) ?? new Map<string, number>();
    titles.set(title, (titles.get(title) ?? 0) + times);
    alike.set(type, titles);
  }
  const ofTypes = new Map(
    [...alike].map(([type, titles]) => [
      type,
      [...titles].sort(([, one], [, other]) => other - one).map(([title]) => title),
    ]),
  );
  return ({ id, machine_type }: { id: number; machine_type: string }): string[] => {
    const titles = [...(own.get(id) ?? []).map(({ title }) => title), ...(ofTypes.get(machine_type) ?? [])];
    const first = new Map(titles.toReversed().map((title) => [title.toLowerCase(), title]));
    return [...new Set(titles.map((title) => first.get(title.toLowerCase()) ?? title))].slice(0, TITLES_SHOWN);
  };
}
