import { FIGURES_PATHS } from "./cases.ts";
import { LIST_TICKETS } from "./lists.ts";
import type { BenchServer, Stage } from "./server.ts";
import { median } from "./statistics.ts";

const DAY_MS = 24 * 60 * 60_000;

/**
 * Spreads the tickets of the lists over the last 365 days: every fifth says that its machine is down, and all that are
 * done were acknowledged within two hours and completed within two days.
 */
const yearSql = (count: number): string => `
  UPDATE tickets
  SET created_at = y.created, reported_at = y.created, updated_at = y.created, is_machine_down = y.i % 5 = 0,
      acknowledged_at = iif(completed_at IS NULL, NULL, y.acknowledged),
      acknowledged_by = iif(completed_at IS NULL, NULL, 1), completed_at = iif(completed_at IS NULL, NULL, y.completed)
  FROM (SELECT id, i, strftime('%Y-%m-%dT%H:%M:%fZ', began) AS created,
               strftime('%Y-%m-%dT%H:%M:%fZ', began, (i * 7919 % 7200) || ' seconds') AS acknowledged,
               strftime('%Y-%m-%dT%H:%M:%fZ', began, (7200 + i * 104729 % 165600) || ' seconds') AS completed
        FROM (SELECT id, id AS i, julianday('now') - (${count} - id + 1) * 365.0 / ${count} AS began FROM tickets)) AS y
  WHERE y.id = tickets.id`;

/** What the figures of a year cost in one database. */
export interface FiguresCost {
  tickets: number;
  /** Rows that the database reads for one answer: when every ticket is counted, and when past days are kept. */
  countedRows: number;
  keptRows: number;
  /** Median time to the answer, in ms, with past days kept. */
  ms: number;
}

export interface Figures {
  small: FiguresCost;
  large: FiguresCost;
  /** Median times, large by small. */
  ratio: number;
}

const headersOf = (stage: Stage) => ({
  authorization: `Bearer ${stage.token}`,
  "bench-dataset": stage.dataset,
  "content-type": "application/json",
});

async function call<Answer>(server: BenchServer, stage: Stage, path: string, body?: object): Promise<Answer> {
  const response = await fetch(new URL(path, server.url), {
    method: body ? "POST" : "GET",
    headers: headersOf(stage),
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as Answer;
}

/** Asks for the figures of a year of 1,000 and of 100,000 tickets, in turns. */
export async function measureFigures(server: BenchServer, rounds: number): Promise<Figures> {
  const from = new Date(Date.now() - 365 * DAY_MS).toISOString();
  const costs: FiguresCost[] = [];
  const times: number[][] = server.stages.map(() => []);
  for (const stage of server.stages) {
    const tickets = LIST_TICKETS[stage.dataset];
    await stage.db.batch([stage.db.prepare(yearSql(tickets))]);
    const rowsRead = async () => (await call<{ rows: number }>(server, stage, FIGURES_PATHS.read, { from })).rows;
    const countedRows = await rowsRead();
    while ((await call<{ stale: number }>(server, stage, FIGURES_PATHS.keep, {})).stale > 0);
    costs.push({ tickets, countedRows, keptRows: await rowsRead(), ms: Number.NaN });
  }
  for (let round = 0; round < rounds + 3; round++) {
    for (const [index, stage] of server.stages.entries()) {
      const started = performance.now();
      await call(server, stage, `/api/stats?from=${from}`);
      // The first rounds warm both up.
      if (round >= 3) times[index]?.push(performance.now() - started);
    }
  }
  const [small, large] = costs.map((cost, index) => ({ ...cost, ms: median(times[index] ?? []) ?? Number.NaN }));
  if (!small || !large) throw new Error("two databases are needed");
  return { small, large, ratio: large.ms / small.ms };
}

/** The measurements as lines of plain text. */
export const describeFigures = ({ small, large, ratio }: Figures): string =>
  [
    `GET /api/stats of a year, p50, large by small × ${ratio.toFixed(2)}`,
    ...[small, large].map(
      ({ tickets, countedRows, keptRows, ms }) =>
        `  ${`${tickets} tickets`.padEnd(32)} ${ms.toFixed(1).padStart(7)} ms   ${keptRows} rows read (${countedRows} before days are kept)`,
    ),
  ].join("\n");
