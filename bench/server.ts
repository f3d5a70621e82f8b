import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { buildAssets } from "../scripts/lib/assets.ts";
import { freshSecrets } from "../scripts/lib/secrets.ts";
import { capture } from "../scripts/lib/shell.ts";
import { type CaseName, DATASET_HEADER, type Dataset } from "./cases.ts";
import { ACCOUNT, type Created, fillMonth, prepare, restore, verify } from "./data.ts";
import { fillHistory, LIST_TICKETS } from "./lists.ts";
import type { BenchBindings } from "./worker.ts";

const CONFIG = "bench/wrangler.toml";
const BUILT = resolve("dist/bench");
/** Tickets in the database whose costs are counted. */
const COST_TICKETS = 5000;

/**
 * Switches off what wrangler adds on a developer's machine and no deployment has: the recording of every event,
 * statement and log line in a database of its own, the explorer over it, and an example of Request.cf from the net.
 */
const WITHOUT_DEVELOPMENT_AIDS = {
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** A data set that is ready to be measured. */
export interface Stage {
  dataset: Dataset;
  db: D1Database;
  /** Bearer token of a technician who is signed in there. */
  token: string;
  verify(created: Created): Promise<string | null>;
  restore(name: CaseName, created: Created): Promise<void>;
}

export interface BenchServer {
  url: URL;
  /** Where the runtime keeps its databases. */
  folder: string;
  stages: Stage[];
  /** Drops the log lines that the harness keeps in memory. */
  dropLogs(): void;
  close(): Promise<void>;
}

/** @throws Error when the bench would run the Worker in another runtime than a deployment does. */
function checkSameRuntime(): void {
  const runtime = (config: string) => {
    const settings = unstable_readConfig({ config }, { hideWarnings: true });
    const { compatibility_date, compatibility_flags, vars, ratelimits } = settings;
    return JSON.stringify({ compatibility_date, compatibility_flags, vars, ratelimits });
  };
  if (runtime("wrangler.toml") !== runtime(CONFIG)) {
    throw new Error(`${CONFIG} and wrangler.toml differ in compatibility date, flags, vars or limits`);
  }
}

/** Opens a session. @returns its bearer token. */
export async function signIn(url: URL, dataset: Dataset, account = ACCOUNT): Promise<string> {
  const response = await fetch(new URL("/api/auth/sign-in/email", url), {
    method: "POST",
    headers: { "content-type": "application/json", [DATASET_HEADER]: dataset },
    body: JSON.stringify(account),
  });
  if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { token: string }).token;
}

/** Fills a freshly migrated database that has people and a machine. @returns the last number given. */
type Fill = (db: D1Database, timeZone: string) => Promise<number>;

const history = (count: number) => async (db: D1Database) => {
  await fillHistory(db, count);
  return 0;
};

/** The data sets of each measurement. */
const FILLS = {
  creations: { empty: async () => 0, full: fillMonth },
  lists: { empty: history(LIST_TICKETS.empty), full: history(LIST_TICKETS.full) },
  costs: { empty: history(COST_TICKETS) },
} satisfies Record<string, Partial<Record<Dataset, Fill>>>;

/** Builds the bench's Worker, starts it in workerd, and migrates and fills its databases. */
export async function startServer(logLevel: string, purpose: keyof typeof FILLS): Promise<BenchServer> {
  Object.assign(process.env, WITHOUT_DEVELOPMENT_AIDS);
  checkSameRuntime();
  buildAssets();
  // As a deployment is built: the harness's own build wraps the Worker in code for development.
  if (capture("wrangler", ["deploy", "--dry-run", "--config", CONFIG, "--outdir", BUILT]) === null) {
    throw new Error(`wrangler could not build ${CONFIG}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-bench-"));
  const { TMPDIR = "/tmp" } = process.env;
  // There the runtime keeps what it stores, and says nowhere where.
  process.env.TMPDIR = folder;
  const harness = createTestHarness({
    workers: [
      {
        configPath: CONFIG,
        prebuiltWorkerDir: BUILT,
        vars: { LOG_LEVEL: logLevel, ALLOW_LOCAL_TARGETS: "true" },
        // Without a key no job of this channel would be claimed; nothing is sent to Stripe.
        secrets: { ...freshSecrets(), STRIPE_SECRET_KEY: "sk_test_bench" },
      },
    ],
  });
  const { url } = await harness.listen();
  process.env.TMPDIR = TMPDIR;
  const worker = harness.getWorker<BenchBindings>();
  const env = await worker.getEnv();
  const stages: Stage[] = [];
  for (const [dataset, fill] of Object.entries(FILLS[purpose]) as [Dataset, Fill][]) {
    const binding = dataset === "full" ? "DB_FULL" : "DB";
    await worker.applyD1Migrations(binding);
    const db = env[binding];
    await prepare(db);
    const base = await fill(db, env.TIME_ZONE);
    stages.push({
      dataset,
      db,
      token: await signIn(url, dataset),
      verify: (created) => verify(db, base, created),
      restore: (name, created) => restore(db, base, name, created),
    });
  }
  return {
    url,
    folder,
    stages,
    dropLogs: () => harness.clearLogs(),
    async close() {
      await harness.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
