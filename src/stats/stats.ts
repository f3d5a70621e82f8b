import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { type Day, localDays } from "../time/days.ts";
import { TICKET_PRIORITIES } from "../vocabulary/priorities.ts";
import { OPEN_STATUSES } from "../vocabulary/statuses.ts";
import { atOneInstant } from "../world.ts";
import { countsOf, downtimeOf, type MachineFigures, milliseconds } from "./counting.ts";
import { summarize, toSeconds } from "./durations.ts";
import { MARKED_DAYS, TOO_MUCH } from "./kept-days.ts";
import { DAYS_MAX, MACHINES_MAX, type Stats, type StatsQuery } from "./schemas.ts";

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_DAYS = 30;

// The days of the period that have begun, cut to it: ?3. A day that is cut matches no kept one.
const DAYS = "SELECT key AS piece, value ->> 0 AS s, value ->> 1 AS e FROM json_each(?3)";
const KEPT = `SELECT d.piece, k.machines FROM (${DAYS}) d
  CROSS JOIN stats_days k ON k.starts_at = d.s AND k.ends_at = d.e AND k.is_stale = 0 AND k.machines <> '${TOO_MUCH}'
  WHERE k.starts_at NOT IN (${MARKED_DAYS})`;
// Before the first ticket there is nothing to count.
const FIRST_OF_ALL = `(SELECT created_at FROM tickets INDEXED BY tickets_created_at
  WHERE deleted_at IS NULL AND created_at > '' ORDER BY created_at LIMIT 1)`;
const COUNTED_NOW = `SELECT piece, s, e FROM (${DAYS})
  WHERE e > ${FIRST_OF_ALL} AND piece NOT IN (SELECT piece FROM (${KEPT}))`;

// A machine is in use from its creation, or from its first ticket where that was taken over from before.
const FIRST_TICKET = `(SELECT t.created_at FROM tickets t INDEXED BY tickets_machine
  WHERE t.deleted_at IS NULL AND t.machine_id = m.id ORDER BY t.created_at LIMIT 1)`;
const IN_USE = `
  SELECT m.id, m.name,
         MAX(0, ${milliseconds(
           "MIN(?3, ?1, COALESCE(m.retired_at, ?1))",
           `MAX(?4, MIN(m.created_at, COALESCE(${FIRST_TICKET}, m.created_at)))`,
         )}) AS in_use_ms
  FROM machines m WHERE ?2 IS NULL OR m.id = ?2`;

const OPEN = `
  SELECT t.status, t.priority, COUNT(*) AS n FROM tickets t INDEXED BY tickets_status
  WHERE t.deleted_at IS NULL AND t.status IN (${OPEN_STATUSES.map((status) => `'${status}'`).join(", ")})
    AND (?1 IS NULL OR t.machine_id = ?1) GROUP BY t.status, t.priority`;

const OVERDUE = `
  SELECT COUNT(*) AS n FROM tickets t INDEXED BY tickets_scheduled
  WHERE t.scheduled_date IS NOT NULL AND t.is_open = 1 AND t.scheduled_date < ?1
    AND (?2 IS NULL OR t.machine_id = ?2)`;

function range(ctx: Context, query: StatsQuery): { from: Date; to: Date } {
  const to = query.to ? new Date(query.to) : ctx.now();
  const from = query.from ? new Date(query.from) : new Date(to.getTime() - DEFAULT_DAYS * DAY_MS);
  const length = to.getTime() - from.getTime();
  if (length <= 0 || length > DAYS_MAX * DAY_MS) {
    throw new AppError("validation_failed", {
      params: { fields: "from, to" },
      errors: [{ path: "from", message: `must lie before to, by at most ${DAYS_MAX} days` }],
    });
  }
  return { from, to };
}

interface OpenRow {
  status: string;
  priority: string;
  n: number;
}
interface MachineRow {
  id: number;
  name: string;
  in_use_ms: number;
}
interface PieceRow {
  piece: number;
  machines: string;
}
interface DownRow {
  machine_id: number;
  down_ms: number;
}

/** All that is known of the period, in one batch: one state of the database, whatever changes meanwhile. */
async function read(ctx: Context, machine: number | null, from: Date, to: Date, days: Day[]) {
  const now = ctx.now().toISOString();
  const spans = JSON.stringify(days.map(({ start, end }) => [start.toISOString(), end.toISOString()]));
  const { DB } = ctx.env;
  const about = [now, machine, spans];
  const results = await DB.batch([
    DB.prepare(OPEN).bind(machine),
    DB.prepare(OVERDUE).bind(now, machine),
    DB.prepare(IN_USE).bind(now, machine, to.toISOString(), from.toISOString()),
    DB.prepare(KEPT).bind(...about),
    DB.prepare(countsOf(COUNTED_NOW)).bind(...about),
    DB.prepare(downtimeOf(COUNTED_NOW)).bind(...about),
  ]);
  const [open, overdue, machines, kept, counted, down] = results.map((result) => result?.results ?? []);
  return {
    open: open as OpenRow[],
    overdue: (overdue?.[0] as { n: number } | undefined)?.n ?? 0,
    machines: machines as MachineRow[],
    pieces: [...(kept as PieceRow[]), ...(counted as PieceRow[])],
    down: down as DownRow[],
  };
}

/** Adds up what the pieces of a period tell of one machine, or of all of them. */
function total(pieces: PieceRow[], down: DownRow[], days: number, machine: number | null) {
  const created = new Array<number>(days).fill(0);
  const completed = new Array<number>(days).fill(0);
  const acknowledge: number[] = [];
  const complete: number[] = [];
  const stops = new Map<number, { failures: number; ms: number }>();
  const repairs = { count: 0, ms: 0 };
  const stop = (id: number, failures: number, ms: number) => {
    const known = stops.get(id) ?? { failures: 0, ms: 0 };
    stops.set(id, { failures: known.failures + failures, ms: known.ms + ms });
  };
  for (const { piece, machines } of pieces) {
    for (const figures of JSON.parse(machines) as MachineFigures[]) {
      const [id, made, done, acknowledgeMs, completeMs, repaired, repairMs, failures, downMs] = figures;
      if (machine !== null && id !== machine) continue;
      created[piece] = (created[piece] ?? 0) + made;
      completed[piece] = (completed[piece] ?? 0) + done;
      for (const ms of acknowledgeMs) acknowledge.push(ms);
      for (const ms of completeMs) complete.push(ms);
      repairs.count += repaired;
      repairs.ms += repairMs;
      if (failures > 0 || downMs > 0) stop(id, failures, downMs);
    }
  }
  for (const { machine_id, down_ms } of down) stop(machine_id, 0, down_ms);
  return { created, completed, acknowledge, complete, repairs, stops };
}

/**
 * The figures of docs/stats.md. Days long past are taken from what is kept of them (kept-days.ts), all others are
 * counted from the tickets.
 *
 * @throws AppError `validation_failed` for a range that is empty or longer than five years.
 */
export async function computeStats(base: Context, query: StatsQuery): Promise<Stats> {
  const ctx = atOneInstant(base);
  const { from, to } = range(ctx, query);
  const machine = query.machine_id ?? null;
  const days = localDays(from, to, ctx.env.TIME_ZONE).map(({ day, start, end }) => ({
    day,
    start: start < from ? from : start,
    end: end > to ? to : end,
  }));
  const begun = days.filter(({ start }) => start <= ctx.now());
  const { open, overdue, machines, pieces, down } = await read(ctx, machine, from, to, begun);
  const { created, completed, acknowledge, complete, repairs, stops } = total(pieces, down, begun.length, machine);

  const count = (names: readonly string[], column: "status" | "priority") =>
    Object.fromEntries(
      names.map((name) => [name, open.filter((row) => row[column] === name).reduce((sum, row) => sum + row.n, 0)]),
    );
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  const failures = sum([...stops.values()].map((stop) => stop.failures));
  const downMs = sum([...stops.values()].map(({ ms }) => ms));
  const inUseMs = sum(machines.map(({ in_use_ms }) => in_use_ms));
  const nameOf = new Map(machines.map(({ id, name }) => [id, name]));
  const worst = [...stops].sort(([a, one], [b, other]) => other.ms - one.ms || a - b).slice(0, MACHINES_MAX);
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    machine_id: machine,
    open_by_status: count(OPEN_STATUSES, "status") as Stats["open_by_status"],
    open_by_priority: count(TICKET_PRIORITIES, "priority") as Stats["open_by_priority"],
    overdue,
    per_day: days.map(({ day }, index) => ({ day, created: created[index] ?? 0, completed: completed[index] ?? 0 })),
    time_to_acknowledge: summarize(acknowledge),
    time_to_complete: summarize(complete),
    downtime: worst.map(([id, stop]) => ({
      machine_id: id,
      machine_name: nameOf.get(id) ?? "",
      failures: stop.failures,
      downtime_seconds: Math.round(stop.ms / 1000),
    })),
    mttr_seconds: repairs.count === 0 ? null : toSeconds(repairs.ms / repairs.count),
    mtbf_seconds: failures === 0 ? null : toSeconds(Math.max(0, inUseMs - downMs) / failures),
  };
}
