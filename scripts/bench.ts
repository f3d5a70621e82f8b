import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureBundle } from "../bench/bundle.ts";
import { type Costs, describeCosts, grown, measureCosts } from "../bench/costs.ts";
import { describeDrain, measureDrain } from "../bench/drain.ts";
import { describeFigures, measureFigures } from "../bench/figures.ts";
import { describeJobs, measureJobs } from "../bench/jobs.ts";
import { describeLists, measureLists } from "../bench/lists.ts";
import { measure, type Plan } from "../bench/measure.ts";
import { withMonthTable } from "../bench/month.ts";
import { describeBundle, describeTargets, table } from "../bench/report.ts";
import { startServer } from "../bench/server.ts";
import { failuresOf, judge, judgeFigures, judgeJobs, judgeLists } from "../bench/targets.ts";

const RESULTS = "bench/results";
/** What each request cost when it was last written down. */
const COSTS = "bench/costs.json";
/** What a month costs; made of those figures. */
const COST_PAGE = "docs/cost.md";

const { values } = parseArgs({
  options: {
    /** A few seconds, for trying the bench itself. */
    quick: { type: "boolean", default: false },
    /** Only what does not depend on the machine: what each request costs the database. */
    exact: { type: "boolean", default: false },
    /** Writes what each request costs into the table that later runs are compared with. */
    update: { type: "boolean", default: false },
    /** LOG_LEVEL of the Worker. */
    "log-level": { type: "string", default: "info" },
  },
});

const plan: Plan = values.quick
  ? { clients: [1, 32], rounds: 2, sliceMs: 500, warmUpMs: 500 }
  : { clients: [1, 8, 32, 64], rounds: 8, sliceMs: 800, warmUpMs: 1500 };

const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

progress("costs");
const counted = await startServer(values["log-level"], "costs");
const costs = await measureCosts(counted);
await counted.close();
progress("");
const committed: Costs = existsSync(COSTS) ? JSON.parse(readFileSync(COSTS, "utf8")) : {};
const tooMuch = values.update ? [] : grown(costs, committed);
console.log(`\n${describeCosts(costs, committed)}`);
for (const line of tooMuch) console.error(`GROWN: ${line}`);
if (values.update) {
  writeFileSync(COSTS, `${JSON.stringify(costs, null, 2)}\n`);
  writeFileSync(COST_PAGE, withMonthTable(readFileSync(COST_PAGE, "utf8"), costs));
}
if (values.exact) process.exit(tooMuch.length > 0 ? 1 : 0);

progress("bundling");
const bundle = measureBundle(values.quick ? 1 : 3);
progress("starting workerd and filling the databases");
const server = await startServer(values["log-level"], "creations");
const { cells, wrong } = await measure(server, plan, progress);
await server.close();

progress("filling the databases for lists");
const lists = await startServer(values["log-level"], "lists");
progress("lists");
const listCells = await measureLists(lists, values.quick ? 10 : 40);
progress("deliveries");
const drain = await measureDrain(lists);
progress("jobs");
const jobs = await measureJobs(lists, values.quick ? 10 : 40);
progress("figures");
const figures = await measureFigures(lists, values.quick ? 10 : 40);
await lists.close();
progress("");

const targets = [...judge(cells, bundle), ...judgeLists(listCells), ...judgeJobs(jobs), ...judgeFigures(figures)];
mkdirSync(RESULTS, { recursive: true });
writeFileSync(
  `${RESULTS}/latest.json`,
  `${JSON.stringify({ at: new Date().toISOString(), plan, logLevel: values["log-level"], costs, cells, wrong, bundle, lists: listCells, drain, jobs, figures, targets }, null, 2)}\n`,
);

console.log(
  `\n${table(cells)}\n\n${describeBundle(bundle)}\n\n${describeLists(listCells)}\n\n${describeDrain(drain)}\n\n${describeJobs(jobs)}\n\n${describeFigures(figures)}\n\n${describeTargets(targets)}`,
);
for (const problem of wrong) console.error(`WRONG NUMBERS: ${problem}`);
console.log(`\nWritten to ${RESULTS}/latest.json`);

const failed = cells.some((cell) => cell.case === "real" && failuresOf(cell) > 0);
process.exit(failed || wrong.length > 0 || tooMuch.length > 0 ? 1 : 0);
