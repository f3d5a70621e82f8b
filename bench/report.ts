import type { Bundle } from "./bundle.ts";
import { type CaseName, type Dataset, FULL_TICKETS } from "./cases.ts";
import type { Cell } from "./measure.ts";
import { failuresOf, ratio, slowdown, type Target } from "./targets.ts";

const CASE_LABELS: Record<CaseName, string> = {
  seed: "a  COUNT(*) + 1 and retry",
  bare: "b  bare INSERT",
  floor: "f  three INSERTs",
  real: "c  POST /api/tickets",
};

const DATASET_LABELS: Record<Dataset, string> = {
  empty: "empty",
  full: FULL_TICKETS.toLocaleString("en"),
};

const HEADER = [
  "month",
  "clients",
  "case",
  "ok/s",
  "p50 ms",
  "p99 ms",
  "ok",
  "failed",
  "c/f",
  "c/b",
  "c/a",
  "p50/empty",
];
const TEXT_COLUMNS = new Set([0, 2]);

const fixed = (value: number | null, digits: number): string => value?.toFixed(digits) ?? "-";

function line(cell: Cell, cells: Cell[]): string[] {
  const ratioTo = (to: CaseName) =>
    cell.case === "real" ? fixed(ratio(cells, cell.dataset, cell.clients, to), 2) : "";
  return [
    DATASET_LABELS[cell.dataset],
    String(cell.clients),
    CASE_LABELS[cell.case],
    fixed(cell.perSecond, 1),
    fixed(cell.p50Ms, 1),
    fixed(cell.p99Ms, 1),
    String(cell.succeeded),
    String(failuresOf(cell)),
    ratioTo("floor"),
    ratioTo("bare"),
    ratioTo("seed"),
    cell.case === "real" && cell.dataset === "full" ? fixed(slowdown(cells, cell.clients), 2) : "",
  ];
}

/** The measurements as a table of plain text, one data set after the other. */
export function table(cells: Cell[]): string {
  const datasets = [...new Set(cells.map((cell) => cell.dataset))];
  const rows = datasets.flatMap((dataset) =>
    cells.filter((cell) => cell.dataset === dataset).map((cell) => line(cell, cells)),
  );
  const widths = HEADER.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: string[]) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return TEXT_COLUMNS.has(column) ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const legend = "ok/s: median of the rounds. c/f, c/b, c/a, p50/empty: median of the quotients within each round.";
  return [...[HEADER, widths.map((width) => "-".repeat(width)), ...rows].map(format), "", legend].join("\n");
}

/** Size and start-up in a sentence each. */
export const describeBundle = (bundle: Bundle): string =>
  `Worker: ${bundle.kib.toFixed(0)} KiB, gzip ${bundle.gzipKib.toFixed(1)} KiB\n` +
  `Start-up: ${bundle.startUpMs.toFixed(0)} ms of CPU in local workerd (median of ${bundle.startUpRuns.length})`;

export const describeTargets = (targets: Target[]): string =>
  targets
    .map(
      ({ name, wanted, measured, reached }) =>
        `${reached ? "reached" : "MISSED "}  ${name}: ${measured} (wanted ${wanted})`,
    )
    .join("\n");
