import { CASES, type CaseName, type Dataset } from "./cases.ts";
import { load, type Slice } from "./load.ts";
import type { BenchServer, Stage } from "./server.ts";
import { median, percentile } from "./statistics.ts";

/** One line of the table: all slices of a case at one number of clients on one data set. */
export interface Cell {
  dataset: Dataset;
  clients: number;
  case: CaseName;
  /** 201 answers per second: the median of the rounds. */
  perSecond: number;
  /** Median and 99th percentile of the time to a 201 over all rounds, in ms; null without one. */
  p50Ms: number | null;
  p99Ms: number | null;
  succeeded: number;
  /** Other outcomes, by status, or `lost` for a connection that ended without an answer. */
  failures: Record<string, number>;
  /** One entry per round, so that cases can be compared round by round. */
  rounds: { perSecond: number[]; p50Ms: number[] };
}

export interface Plan {
  clients: number[];
  /** How often each case has its turn at each number of clients. */
  rounds: number;
  sliceMs: number;
  warmUpMs: number;
}

interface Turn {
  stage: Stage;
  name: CaseName;
}

const WARM_UP_CLIENTS = 32;

function summarise(turn: Turn, clients: number, slices: Slice[]): Cell {
  const latencies = slices.flatMap((slice) => slice.latenciesMs);
  const perSecond = slices.map((slice) => slice.perSecond);
  const failures: Record<string, number> = {};
  for (const [outcome, count] of slices.flatMap((slice) => Object.entries(slice.failures))) {
    failures[outcome] = (failures[outcome] ?? 0) + count;
  }
  return {
    dataset: turn.stage.dataset,
    clients,
    case: turn.name,
    perSecond: median(perSecond) ?? 0,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    succeeded: latencies.length,
    failures,
    rounds: { perSecond, p50Ms: slices.map((slice) => percentile(slice.latenciesMs, 0.5) ?? Number.NaN) },
  };
}

async function takeTurn(server: BenchServer, turn: Turn, clients: number, ms: number, wrong: string[]): Promise<Slice> {
  const slice = await load(server.url, turn.stage, turn.name, clients, ms);
  server.dropLogs();
  if (turn.name === "real") {
    const problem = await turn.stage.verify(slice.created);
    if (problem) wrong.push(`${turn.stage.dataset}, ${clients} clients: ${problem}`);
  }
  await turn.stage.restore(turn.name, slice.created);
  return slice;
}

/**
 * Measures every case on every data set at every number of clients. The cases take turns in short slices, starting
 * with another one each round, so that whatever else the machine does falls on all of them alike.
 *
 * @returns the cells, and in words what was wrong with the numbers that POST /api/tickets gave.
 */
export async function measure(
  server: BenchServer,
  plan: Plan,
  progress: (text: string) => void,
): Promise<{ cells: Cell[]; wrong: string[] }> {
  const turns = server.stages.flatMap((stage) => CASES.map((name): Turn => ({ stage, name })));
  const wrong: string[] = [];
  progress("warming up");
  for (const turn of turns) await takeTurn(server, turn, WARM_UP_CLIENTS, plan.warmUpMs, wrong);

  const cells: Cell[] = [];
  for (const clients of plan.clients) {
    const slices = new Map(turns.map((turn) => [turn, [] as Slice[]]));
    for (let round = 0; round < plan.rounds; round++) {
      progress(`${clients} clients, round ${round + 1} of ${plan.rounds}`);
      const start = round % turns.length;
      for (const turn of [...turns.slice(start), ...turns.slice(0, start)]) {
        slices.get(turn)?.push(await takeTurn(server, turn, clients, plan.sliceMs, wrong));
      }
    }
    for (const turn of turns) cells.push(summarise(turn, clients, slices.get(turn) ?? []));
  }
  return { cells, wrong };
}
