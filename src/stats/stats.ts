import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { TICKET_PRIORITIES } from "../tickets/schemas.ts";
import { OPEN_STATUSES } from "../tickets/transitions.ts";
import { localDays } from "../time/days.ts";
import type { Stats, StatsQuery } from "./schemas.ts";

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 1827;
/** Machines listed under downtime, the worst first. */
const MACHINES = 200;

const seconds = (later: string, earlier: string) => `(julianday(${later}) - julianday(${earlier})) * 86400.0`;

// Nearest-rank percentiles over the ordered values.
const durations = (value: string, where: string) => `
  WITH v AS (SELECT ${value} AS s, row_number() OVER (ORDER BY ${value}) AS rank, COUNT(*) OVER () AS n
             FROM tickets t WHERE t.deleted_at IS NULL AND ${where})
  SELECT COUNT(*) AS n,
         MAX(CASE WHEN rank = (n + 1) / 2 THEN s END) AS median,
         MAX(CASE WHEN rank = (n * 9 + 9) / 10 THEN s END) AS p90
  FROM v`;

// When a ticket that says its machine is down stopped saying so by being closed; NULL while it is open.
const CLOSED_AT = `CASE WHEN t.is_open = 1 THEN NULL ELSE COALESCE(t.completed_at,
  (SELECT MAX(e.created_at) FROM ticket_timeline e WHERE e.ticket_id = t.id AND e.action = 'status_changed'
     AND e.new_value = 'cancelled'), t.updated_at) END`;

// Overlapping reports of one machine count once: each span starts where the latest end so far leaves off.
const DOWNTIME = `
  WITH spans AS (
    SELECT t.machine_id, t.created_at >= ?1 AS in_range, MAX(t.created_at, ?1) AS start,
           MIN(COALESCE(${CLOSED_AT}, ?2), ?2) AS stop
    FROM tickets t
    WHERE t.deleted_at IS NULL AND t.is_machine_down = 1 AND t.created_at < ?2 AND (?3 IS NULL OR t.machine_id = ?3)
  ), relevant AS (SELECT * FROM spans WHERE stop > start),
  ordered AS (
    SELECT machine_id, in_range, start, stop,
           MAX(stop) OVER (PARTITION BY machine_id ORDER BY start, stop ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
    FROM relevant
  )
  SELECT o.machine_id, m.name AS machine_name, SUM(o.in_range) AS failures,
         SUM(CASE WHEN covered IS NULL OR start >= covered THEN ${seconds("stop", "start")}
                  WHEN stop > covered THEN ${seconds("stop", "covered")} ELSE 0 END) AS downtime
  FROM ordered o JOIN machines m ON m.id = o.machine_id
  GROUP BY o.machine_id ORDER BY downtime DESC LIMIT ${MACHINES}`;

function range(ctx: Context, query: StatsQuery): { from: Date; to: Date } {
  const to = query.to ? new Date(query.to) : ctx.now();
  const from = query.from ? new Date(query.from) : new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
  const length = to.getTime() - from.getTime();
  if (length <= 0 || length > MAX_DAYS * DAY_MS) {
    throw new AppError("validation_failed", {
      params: { fields: "from, to" },
      errors: [{ path: "from", message: `must lie before to, by at most ${MAX_DAYS} days` }],
    });
  }
  return { from, to };
}

interface DurationRow {
  n: number;
  median: number | null;
  p90: number | null;
}

const toDurations = (row: DurationRow | undefined) => ({
  count: row?.n ?? 0,
  median_seconds: round(row?.median ?? null),
  p90_seconds: round(row?.p90 ?? null),
});

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 1000) / 1000);

/**
 * The figures of docs/stats.md, each computed by the database.
 *
 * @throws AppError `validation_failed` for a range that is empty or longer than five years.
 */
export async function computeStats(ctx: Context, query: StatsQuery): Promise<Stats> {
  const { from, to } = range(ctx, query);
  const machine = query.machine_id ?? null;
  const [a, b] = [from.toISOString(), to.toISOString()];
  const days = JSON.stringify(
    localDays(from, to, ctx.env.TIME_ZONE).map(({ day, start, end }) => ({
      day,
      start: start < from ? from : start,
      end: end > to ? to : end,
    })),
  );
  const { DB } = ctx.env;
  const ofMachine = "(?3 IS NULL OR t.machine_id = ?3)";

  const [open, overdue, perDay, acknowledged, completed, downtime, repairs, machines] = await DB.batch([
    DB.prepare(
      `SELECT t.status, t.priority, COUNT(*) AS n FROM tickets t INDEXED BY tickets_status
       WHERE t.deleted_at IS NULL AND t.status IN (${OPEN_STATUSES.map((status) => `'${status}'`).join(", ")})
         AND (?1 IS NULL OR t.machine_id = ?1) GROUP BY t.status, t.priority`,
    ).bind(machine),
    DB.prepare(
      `SELECT COUNT(*) AS n FROM tickets t INDEXED BY tickets_scheduled
       WHERE t.scheduled_date IS NOT NULL AND t.is_open = 1 AND t.scheduled_date < ?1 AND (?2 IS NULL OR t.machine_id = ?2)`,
    ).bind(ctx.now().toISOString(), machine),
    DB.prepare(
      `SELECT d.value ->> 'day' AS day,
              (SELECT COUNT(*) FROM tickets t WHERE t.deleted_at IS NULL AND t.created_at >= d.value ->> 'start'
                 AND t.created_at < d.value ->> 'end' AND (?2 IS NULL OR t.machine_id = ?2)) AS created,
              (SELECT COUNT(*) FROM tickets t WHERE t.deleted_at IS NULL AND t.completed_at >= d.value ->> 'start'
                 AND t.completed_at < d.value ->> 'end' AND (?2 IS NULL OR t.machine_id = ?2)) AS completed
       FROM json_each(?1) d ORDER BY d.key`,
    ).bind(days, machine),
    DB.prepare(
      durations(
        seconds("t.acknowledged_at", "t.created_at"),
        `t.acknowledged_at IS NOT NULL AND t.created_at >= ?1 AND t.created_at < ?2 AND ${ofMachine}`,
      ),
    ).bind(a, b, machine),
    DB.prepare(
      durations(
        seconds("t.completed_at", "t.created_at"),
        `t.completed_at >= ?1 AND t.completed_at < ?2 AND ${ofMachine}`,
      ),
    ).bind(a, b, machine),
    DB.prepare(DOWNTIME).bind(a, b, machine),
    DB.prepare(
      `SELECT AVG(${seconds("t.completed_at", "t.created_at")}) AS mttr FROM tickets t
       WHERE t.deleted_at IS NULL AND t.is_machine_down = 1 AND t.completed_at >= ?1 AND t.completed_at < ?2 AND ${ofMachine}`,
    ).bind(a, b, machine),
    DB.prepare(
      `SELECT SUM(${seconds("MIN(COALESCE(retired_at, ?2), ?2)", "MAX(created_at, ?1)")}) AS uptime FROM machines
       WHERE created_at < ?2 AND (retired_at IS NULL OR retired_at > ?1) AND (?3 IS NULL OR id = ?3)`,
    ).bind(a, b, machine),
  ]);

  const openRows = (open?.results ?? []) as { status: string; priority: string; n: number }[];
  const count = (names: readonly string[], column: "status" | "priority") =>
    Object.fromEntries(
      names.map((name) => [name, openRows.filter((row) => row[column] === name).reduce((sum, row) => sum + row.n, 0)]),
    );
  const down = (downtime?.results ?? []) as {
    machine_id: number;
    machine_name: string;
    failures: number;
    downtime: number;
  }[];
  const failures = down.reduce((sum, row) => sum + row.failures, 0);
  const downSeconds = down.reduce((sum, row) => sum + row.downtime, 0);
  const inService = (machines?.results[0] as { uptime: number | null } | undefined)?.uptime ?? 0;
  return {
    from: a,
    to: b,
    machine_id: machine,
    open_by_status: count(OPEN_STATUSES, "status") as Stats["open_by_status"],
    open_by_priority: count(TICKET_PRIORITIES, "priority") as Stats["open_by_priority"],
    overdue: (overdue?.results[0] as { n: number } | undefined)?.n ?? 0,
    per_day: (perDay?.results ?? []) as Stats["per_day"],
    time_to_acknowledge: toDurations(acknowledged?.results[0] as DurationRow | undefined),
    time_to_complete: toDurations(completed?.results[0] as DurationRow | undefined),
    downtime: down.map(({ downtime: total, ...row }) => ({ ...row, downtime_seconds: Math.round(total) })),
    mttr_seconds: round((repairs?.results[0] as { mttr: number | null } | undefined)?.mttr ?? null),
    mtbf_seconds: failures === 0 ? null : round(Math.max(0, inService - downSeconds) / failures),
  };
}
