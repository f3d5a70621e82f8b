import type { Stats } from "../../src/stats/schemas.ts";
import type { TicketStatus } from "../../src/vocabulary/statuses.ts";
import { queryAll } from "../helpers.ts";
import { OPEN } from "../tickets/stock.ts";

// The figures of docs/stats.md once more, from the rows themselves, without SQL, without days that were kept, and
// without anything of src/: slow, and easy to compare with the words there.

interface Ticket {
  id: number;
  status: TicketStatus;
  priority: string;
  machine_id: number;
  is_machine_down: 0 | 1;
  scheduled_date: string | null;
  created_at: string;
  acknowledged_at: string | null;
  completed_at: string | null;
}
interface Machine {
  id: number;
  name: string;
  created_at: string;
  retired_at: string | null;
}

const QUARTER_MS = 15 * 60_000;

/** The date on the clocks of a zone, as the platform itself writes it. */
function clocksOf(timeZone: string) {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (instant: number) => format.format(instant);
}

/** Every date that those clocks show from one instant to another: looked up each quarter of an hour. */
function datesBetween(from: number, to: number, dateAt: (instant: number) => string): string[] {
  const dates = new Set<string>();
  for (let at = from; at < to; at += QUARTER_MS) dates.add(dateAt(at));
  dates.add(dateAt(to - 1));
  return [...dates];
}

const seconds = (ms: number): number => Number((ms / 1000).toFixed(3));

/** The smallest value that at least this share of the values do not exceed, found by trying them. */
function smallest(values: number[], tenths: number): number | null {
  const fit = values.filter((value) => values.filter((other) => other <= value).length * 10 >= values.length * tenths);
  return fit.length === 0 ? null : seconds(Math.min(...fit));
}

const durations = (values: number[]) => ({
  count: values.length,
  median_seconds: smallest(values, 5),
  p90_seconds: smallest(values, 9),
});

/** How long at least one of these spans lasts: each stretch between two ends is looked at. */
function covered(spans: [number, number][]): number {
  const edges = [...new Set(spans.flat())].sort((a, b) => a - b);
  return edges.slice(1).reduce((sum, edge, index) => {
    const before = edges[index] ?? edge;
    return spans.some(([start, end]) => start <= before && end >= edge) ? sum + edge - before : sum;
  }, 0);
}

/** What GET /api/stats has to answer. */
export async function slowly(
  period: { from: string; to: string; machine_id: number | null },
  now: Date,
  timeZone: string,
): Promise<Stats> {
  const dateAt = clocksOf(timeZone);
  const [from, to] = [Date.parse(period.from), Date.parse(period.to)];
  const all = await queryAll<Ticket>("SELECT * FROM tickets WHERE deleted_at IS NULL");
  const tickets = all.filter(({ machine_id }) => period.machine_id === null || machine_id === period.machine_id);
  const machines = (await queryAll<Machine>("SELECT * FROM machines")).filter(
    ({ id }) => period.machine_id === null || id === period.machine_id,
  );
  const cancellations = new Map(
    (
      await queryAll<{ ticket_id: number; created_at: string }>(
        `SELECT ticket_id, COALESCE(occurred_at, created_at) AS created_at FROM ticket_timeline
         WHERE action = 'status_changed' AND new_value = 'cancelled' ORDER BY id`,
      )
    ).map(({ ticket_id, created_at }) => [ticket_id, created_at]),
  );

  const within = (instant: string | null): boolean =>
    instant !== null && Date.parse(instant) >= from && Date.parse(instant) < to;
  const since = (ticket: Ticket, later: string | null) => Date.parse(later ?? "") - Date.parse(ticket.created_at);
  const open = tickets.filter(({ status }) => OPEN.includes(status));
  const created = tickets.filter(({ created_at }) => within(created_at));
  const completed = tickets.filter(({ completed_at }) => within(completed_at));
  const days = datesBetween(from, to, dateAt);
  const onDay = (instants: (string | null)[], day: string) =>
    instants.filter((instant) => dateAt(Date.parse(instant ?? "")) === day).length;

  const endOf = (ticket: Ticket): number => {
    if (OPEN.includes(ticket.status)) return now.getTime();
    return Date.parse(ticket.completed_at ?? cancellations.get(ticket.id) ?? ticket.created_at);
  };
  const perMachine = machines.map((machine) => {
    const own = all.filter(({ machine_id }) => machine_id === machine.id);
    const stops = own.filter(({ is_machine_down }) => is_machine_down === 1);
    const last = Math.min(to, now.getTime(), machine.retired_at ? Date.parse(machine.retired_at) : to);
    const first = Math.min(Date.parse(machine.created_at), ...own.map(({ created_at }) => Date.parse(created_at)));
    const spans = stops
      .map((stop): [number, number] => [Math.max(from, Date.parse(stop.created_at)), Math.min(last, endOf(stop))])
      .filter(([start, end]) => end > start);
    return {
      ...machine,
      downMs: covered(spans),
      failures: stops.filter(({ created_at }) => within(created_at)).length,
      inUseMs: Math.max(0, last - Math.max(from, first)),
    };
  });
  const repairs = completed.filter(({ is_machine_down }) => is_machine_down === 1);
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  const failures = total(perMachine.map((machine) => machine.failures));
  const downMs = total(perMachine.map((machine) => machine.downMs));
  const inUseMs = total(perMachine.map((machine) => machine.inUseMs));

  return {
    ...period,
    open_by_status: Object.fromEntries(
      OPEN.map((status) => [status, open.filter((ticket) => ticket.status === status).length]),
    ),
    open_by_priority: {
      low: open.filter(({ priority }) => priority === "low").length,
      medium: open.filter(({ priority }) => priority === "medium").length,
      high: open.filter(({ priority }) => priority === "high").length,
      critical: open.filter(({ priority }) => priority === "critical").length,
    },
    overdue: open.filter(({ scheduled_date }) => scheduled_date !== null && Date.parse(scheduled_date) < now.getTime())
      .length,
    per_day: days.map((day) => ({
      day,
      created: onDay(
        created.map(({ created_at }) => created_at),
        day,
      ),
      completed: onDay(
        completed.map(({ completed_at }) => completed_at),
        day,
      ),
    })),
    time_to_acknowledge: durations(
      created.filter(({ acknowledged_at }) => acknowledged_at !== null).map((t) => since(t, t.acknowledged_at)),
    ),
    time_to_complete: durations(completed.map((ticket) => since(ticket, ticket.completed_at))),
    downtime: perMachine
      .filter((machine) => machine.downMs > 0 || machine.failures > 0)
      .sort((a, b) => b.downMs - a.downMs || a.id - b.id)
      .slice(0, 200)
      .map((machine) => ({
        machine_id: machine.id,
        machine_name: machine.name,
        failures: machine.failures,
        downtime_seconds: Math.round(machine.downMs / 1000),
      })),
    mttr_seconds:
      repairs.length === 0
        ? null
        : seconds(Math.round(total(repairs.map((ticket) => since(ticket, ticket.completed_at))) / repairs.length)),
    mtbf_seconds: failures === 0 ? null : seconds(Math.round(Math.max(0, inUseMs - downMs) / failures)),
  };
}
