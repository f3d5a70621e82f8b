import type { Context } from "../context.ts";
import { localDays } from "../time/days.ts";
import { figuresOf } from "./counting.ts";

const DAY_MS = 24 * 60 * 60_000;
/** What happens to a ticket happens mostly in its first days: days are kept when that long past. */
const SETTLED_MS = 2 * DAY_MS;
/** Days that one run adds, to be counted by this and later ones. */
const ADDED_DAYS = 400;
/** Days that one run counts: at 100,000 tickets a year about 35,000 rows read. */
const COUNTED_DAYS = 14;

/** What is kept of one day at most, in characters: that of 25,000 tickets. D1 takes no row beyond 2 MB. */
const KEPT_LENGTH = 500_000;

/** Stands where there would be more: such a day (a mass import, say) is counted each time that it is asked for. */
export const TOO_MUCH = "null";

/**
 * Kept days that something was marked in, as SQL for their `starts_at`. A date of UTC touches days of any zone that
 * begin up to two days before it.
 */
export const MARKED_DAYS = `
  SELECT s.starts_at FROM stats_marks k CROSS JOIN stats_days s
    ON s.starts_at >= date(k.first_day, '-2 days') AND s.starts_at <= k.last_day || 'U' AND s.ends_at > k.first_day`;

interface State {
  first_ticket: string | null;
  oldest: string | null;
  newest_end: string | null;
  time_zone: string | null;
  is_marked: 0 | 1;
  is_stale: 0 | 1;
}

const STATE = `
  SELECT (SELECT created_at FROM tickets INDEXED BY tickets_created_at
          WHERE deleted_at IS NULL AND created_at > '' ORDER BY created_at LIMIT 1) AS first_ticket,
         (SELECT starts_at FROM stats_days ORDER BY starts_at LIMIT 1) AS oldest,
         newest.ends_at AS newest_end, newest.time_zone,
         EXISTS (SELECT 1 FROM stats_marks) AS is_marked,
         EXISTS (SELECT 1 FROM stats_days INDEXED BY stats_days_stale WHERE is_stale = 1) AS is_stale
  FROM (SELECT 1) LEFT JOIN (SELECT ends_at, time_zone FROM stats_days ORDER BY starts_at DESC LIMIT 1) AS newest`;

const MARK_STALE = `UPDATE stats_days SET is_stale = 1 WHERE is_stale = 0 AND starts_at IN (${MARKED_DAYS})`;

const ADD = `
  INSERT INTO stats_days (starts_at, ends_at, time_zone)
  SELECT value ->> 0, value ->> 1, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`;

// The newest first: they are asked for most.
const COUNT = `
  ${figuresOf(`SELECT starts_at AS piece, starts_at AS s, ends_at AS e FROM stats_days INDEXED BY stats_days_stale
               WHERE is_stale = 1 ORDER BY starts_at DESC LIMIT ${COUNTED_DAYS}`)}
  UPDATE stats_days
  SET is_stale = 0,
      machines = iif(length(counted.machines) > ${KEPT_LENGTH}, '${TOO_MUCH}', COALESCE(counted.machines, '[]'))
  FROM (SELECT piece.piece, figures.machines FROM piece LEFT JOIN figures ON figures.piece = piece.piece) AS counted
  WHERE stats_days.starts_at = counted.piece`;

/** Settled days that are not kept yet, [start, end]: those after the newest kept one, and those before the oldest. */
function missingDays(state: State, settled: Date, timeZone: string): [string, string][] {
  if (state.first_ticket === null) return [];
  const days = (from: Date, to: Date) => localDays(from, to, timeZone).filter(({ end }) => end <= settled);
  const before = state.oldest ? new Date(state.oldest) : settled;
  const first = new Date(Math.max(Date.parse(state.first_ticket), before.getTime() - ADDED_DAYS * DAY_MS));
  const after = state.newest_end ? days(new Date(state.newest_end), settled).slice(0, ADDED_DAYS) : [];
  return [...days(first, before), ...after].map(({ start, end }) => [start.toISOString(), end.toISOString()]);
}

/**
 * The part of the cron run of each minute that keeps the figures of past days: adds days that have settled, takes up what was
 * marked, and counts some of what is stale. One batch, so that a change is either counted or marked anew; any number
 * of runs at once do no harm. When there is nothing to do it reads a handful of rows.
 */
export async function keepDays(ctx: Context): Promise<void> {
  const { DB, TIME_ZONE } = ctx.env;
  const now = ctx.now();
  const [found] = await DB.batch<State>([DB.prepare(STATE)]);
  const read = found?.results[0];
  if (!read) return;
  const isOtherZone = read.time_zone !== null && read.time_zone !== TIME_ZONE;
  const state = isOtherZone ? { ...read, oldest: null, newest_end: null, is_stale: 0 as const } : read;
  const missing = missingDays(state, new Date(now.getTime() - SETTLED_MS), TIME_ZONE);
  const statements = [
    ...(isOtherZone ? [DB.prepare("DELETE FROM stats_days WHERE time_zone <> ?").bind(TIME_ZONE)] : []),
    ...(state.is_marked ? [DB.prepare(MARK_STALE), DB.prepare("DELETE FROM stats_marks")] : []),
    ...(missing.length > 0 ? [DB.prepare(ADD).bind(TIME_ZONE, JSON.stringify(missing))] : []),
  ];
  if (statements.length === 0 && !state.is_stale) return;
  await DB.batch([...statements, DB.prepare(COUNT).bind(now.toISOString(), null)]);
}
