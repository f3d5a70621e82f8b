import { parseArgs } from "node:util";
import { describeFindings, fuzz } from "./lib/fuzz/run.ts";
import { startFuzzWorker } from "./lib/fuzz/worker.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    /** The same seed sends the same requests. */
    seed: { type: "string" },
  },
});
const requests = Number(values.requests);
const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
if (!Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run fuzz -- --requests 20000 --seed 1126");
  process.exit(2);
}

/** How long one answer may take (milliseconds). */
const SLOW_MS = 2000;

const worker = await startFuzzWorker();
const started = Date.now();
const report = await fuzz({
  worker,
  seed,
  requests,
  slowMs: SLOW_MS,
  progress: (done, findings) => {
    if (process.stderr.isTTY && done % 50 === 0)
      process.stderr.write(`\r\x1b[K${done} of ${requests}, ${findings} findings`);
  },
}).finally(() => worker.close());

const total = new Map<number, number>();
for (const statuses of report.answers.values()) {
  for (const [status, times] of statuses) total.set(status, (total.get(status) ?? 0) + times);
}
console.log(describeFindings(seed, report));
console.log(
  `\n${report.requests} requests to ${report.answers.size} operations with seed ${seed} in ` +
    `${Math.round((Date.now() - started) / 1000)} s, the slowest ${Math.round(report.slowestMs)} ms.\n` +
    `Answers: ${[...total]
      .sort(([a], [b]) => a - b)
      .map(([status, times]) => `${status} × ${times}`)
      .join(", ")}.\n` +
    `${report.findings.length} findings.`,
);
process.exit(report.findings.length > 0 ? 1 : 0);
