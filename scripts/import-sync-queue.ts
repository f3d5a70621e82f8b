import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { capture, run } from "./lib/shell.ts";
import { importSql, planImport, readRows } from "./lib/sync-import.ts";

// Takes the rows of an old synchronisation queue over as jobs of the outbox. What it does is in docs/deliveries.md.
const { values } = parseArgs({
  options: {
    file: { type: "string" },
    ids: { type: "string" },
    remote: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
  },
});
if (!values.file) {
  console.error("Usage: npm run sync:import -- --file FILE.json|FILE.csv [--ids IDS.json] [--remote] [--dry-run]");
  process.exit(2);
}
const place = values.remote ? "--remote" : "--local";

const listed = capture("wrangler", ["d1", "execute", "DB", place, "--json", "--command", "SELECT id FROM customers"]);
if (listed === null) {
  console.error("The customers could not be read. Has the database been migrated?");
  process.exit(1);
}
const [answer] = JSON.parse(listed) as { results: { id: number }[] }[];
const now = new Date();
const { jobs, report } = planImport(readRows(readFileSync(values.file, "utf8")), {
  now,
  customers: new Set(answer?.results.map(({ id }) => id)),
  ids: values.ids ? (JSON.parse(readFileSync(values.ids, "utf8")) as Record<string, number>) : {},
});
const { invalid, ...counts } = report;
console.log(JSON.stringify(counts, null, 2));
for (const { row, id, reason } of invalid) console.log(`row ${row}${id ? ` (id ${id})` : ""}: ${reason}`);
if (values["dry-run"] || jobs.length === 0) process.exit(0);

const folder = mkdtempSync(join(tmpdir(), "shopfloor-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "jobs.sql");
writeFileSync(
  file,
  importSql(jobs, now)
    .map((statement) => `${statement};\n`)
    .join(""),
  { mode: 0o600 },
);
run("wrangler", ["d1", "execute", "DB", place, "--yes", `--file=${file}`]);
console.log(`Jobs in the outbox: ${jobs.length}. The cron run of each minute sends what is pending.`);
