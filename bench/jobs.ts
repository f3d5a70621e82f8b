import { JOB_OPERATIONS, JOB_PATHS, type JobOperation } from "./cases.ts";
import type { BenchServer, Stage } from "./server.ts";
import { median } from "./statistics.ts";

/** Jobs in the small and in the large table. */
export const JOBS = { empty: 500, full: 50_000 } as const;

/** Customers in both: those that jobs are made for anew. */
const CUSTOMERS = 500;

/** The mix after a sync of everybody has met trouble: most are due, some have failed, some are done. */
const jobsSql = (count: number): string[] => [
  "DELETE FROM delivery_attempts",
  "DELETE FROM deliveries",
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${CUSTOMERS})
   INSERT INTO customers (name, created_at, updated_at) SELECT 'Customer ' || i, '2026', '2026' FROM n`,
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO deliveries (channel, target, subject, event_type, payload, status, next_attempt_at, completed_at,
                           created_at, updated_at)
   SELECT 'stripe', 'stripe:customers', 'customer:' || i, 'customer.sync', json_object('customer_id', i), status,
          iif(status = 'pending', at, NULL), iif(status = 'completed', at, NULL), at, at
   FROM (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%d seconds', i % 3000)) AS at,
                CASE WHEN i % 10 < 6 THEN 'pending' WHEN i % 10 < 7 THEN 'failed' ELSE 'completed' END AS status FROM n)`,
];

/** The median time of one step in both tables. */
export interface JobCell {
  step: JobOperation | "health";
  /** Milliseconds. */
  smallMs: number;
  largeMs: number;
  ratio: number;
}

async function timed(server: BenchServer, stage: Stage, step: JobCell["step"]): Promise<number> {
  const headers = { authorization: `Bearer ${stage.token}`, "bench-dataset": stage.dataset };
  const path = step === "health" ? "/api/deliveries/health" : JOB_PATHS[step];
  const started = performance.now();
  const response = await fetch(new URL(path, server.url), { method: step === "health" ? "GET" : "POST", headers });
  await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return performance.now() - started;
}

/** Takes each step of a job's life in turns with 500 and with 50,000 jobs in the table. */
export async function measureJobs(server: BenchServer, rounds: number): Promise<JobCell[]> {
  const [small, large] = server.stages;
  if (!small || !large) throw new Error("two databases are needed");
  for (const { db, dataset } of server.stages) await db.batch(jobsSql(JOBS[dataset]).map((sql) => db.prepare(sql)));
  const cells: JobCell[] = [];
  for (const step of [...JOB_OPERATIONS, "health"] as const) {
    const times = { small: [] as number[], large: [] as number[] };
    for (let round = 0; round < rounds + 3; round++) {
      const [a, b] = [await timed(server, small, step), await timed(server, large, step)];
      // The first rounds warm both up.
      if (round < 3) continue;
      times.small.push(a);
      times.large.push(b);
    }
    const [smallMs, largeMs] = [median(times.small) ?? Number.NaN, median(times.large) ?? Number.NaN];
    cells.push({ step, smallMs, largeMs, ratio: largeMs / smallMs });
  }
  return cells;
}

/** The measurements as lines of plain text. */
export const describeJobs = (cells: JobCell[]): string =>
  [
    `Jobs, p50 in ms with ${JOBS.empty} and with ${JOBS.full} in the table (enqueue, claim: twenty in one request)`,
    ...cells.map(
      ({ step, smallMs, largeMs, ratio }) =>
        `  ${step.padEnd(32)} ${smallMs.toFixed(1).padStart(7)} ${largeMs.toFixed(1).padStart(7)}   × ${ratio.toFixed(2)}`,
    ),
  ].join("\n");
