import type { Bundle } from "./bundle.ts";
import type { CaseName, Dataset } from "./cases.ts";
import type { Figures } from "./figures.ts";
import type { JobCell } from "./jobs.ts";
import type { ListCell } from "./lists.ts";
import type { Cell } from "./measure.ts";
import { pairedRatio } from "./statistics.ts";

/** A figure to reach, and what was measured: the worst of all data sets and numbers of clients it speaks of. */
export interface Target {
  name: string;
  wanted: string;
  measured: string;
  reached: boolean;
}

export const failuresOf = (cell: Cell): number => Object.values(cell.failures).reduce((sum, count) => sum + count, 0);

const find = (cells: Cell[], dataset: Dataset, clients: number, name: CaseName): Cell | undefined =>
  cells.find((cell) => cell.dataset === dataset && cell.clients === clients && cell.case === name);

/** Successful creations per second of POST /api/tickets, divided by those of another case in the same rounds. */
export function ratio(cells: Cell[], dataset: Dataset, clients: number, to: CaseName): number | null {
  const real = find(cells, dataset, clients, "real");
  const other = find(cells, dataset, clients, to);
  return real && other ? pairedRatio(real.rounds.perSecond, other.rounds.perSecond) : null;
}

/** The median of POST /api/tickets in the full month as a multiple of that in the empty one. */
export function slowdown(cells: Cell[], clients: number): number | null {
  const full = find(cells, "full", clients, "real");
  const empty = find(cells, "empty", clients, "real");
  return full && empty ? pairedRatio(full.rounds.p50Ms, empty.rounds.p50Ms) : null;
}

const numbers = (values: (number | null)[]): number[] => values.filter((value) => value !== null);

const atLeast = (name: string, limit: number, values: (number | null)[]): Target => {
  const worst = Math.min(...numbers(values));
  return { name, wanted: `≥ ${limit}`, measured: worst.toFixed(2), reached: worst >= limit };
};

const atMost = (name: string, limit: number, values: (number | null)[], digits: number): Target => {
  const worst = Math.max(...numbers(values));
  return { name, wanted: `≤ ${limit}`, measured: worst.toFixed(digits), reached: worst <= limit };
};

/** What this project promises of itself, judged by one run. A number of clients that was left out has no line. */
export function judge(cells: Cell[], bundle: Bundle): Target[] {
  const datasets = [...new Set(cells.map((cell) => cell.dataset))];
  const clients = [...new Set(cells.map((cell) => cell.clients))];
  const failures = cells.filter((cell) => cell.case === "real").map(failuresOf);
  const ratios = (count: number, to: CaseName, limit: number, label: string): Target[] =>
    clients.includes(count)
      ? [
          atLeast(
            `${label}, 201 per second, ${count} clients, worse of both months`,
            limit,
            datasets.map((dataset) => ratio(cells, dataset, count, to)),
          ),
        ]
      : [];
  return [
    atMost("failures of c, all numbers of clients", 0, [failures.reduce((sum, count) => sum + count, 0)], 0),
    ...ratios(32, "floor", 0.75, "c/f"),
    ...ratios(32, "seed", 8, "c/a"),
    atMost(
      "p50 of c, 50,000 tickets / empty month, worst number of clients",
      1.1,
      clients.map((count) => slowdown(cells, count)),
      2,
    ),
    atMost("gzip size of the Worker, KiB", 490, [bundle.gzipKib], 1),
  ];
}

/** Every list costs the same however many tickets there are. */
export const judgeLists = (cells: ListCell[]): Target[] => [
  atMost(
    "p50 of a list or search, 100,000 tickets / 1,000, worst of them",
    1.5,
    cells.map((cell) => cell.ratio),
    2,
  ),
];

/** Every step of a job's life costs the same however many jobs there are. */
export const judgeJobs = (cells: JobCell[]): Target[] => [
  atMost(
    "p50 of a step of a job, 50,000 jobs / 500, worst step",
    1.5,
    cells.map((cell) => cell.ratio),
    2,
  ),
];

/** A year of figures takes what a year of days takes, and hardly more for its tickets. */
export const judgeFigures = ({ large }: Figures): Target[] => [
  atMost("rows read for the figures of a year, 100,000 tickets", 50_000, [large.keptRows], 0),
  atMost("p50 of the figures of a year, 100,000 tickets, ms", 100, [large.ms], 1),
];
