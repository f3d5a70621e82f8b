import { resolve } from "node:path";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { buildAssets } from "../scripts/lib/assets.ts";
import { freshSecrets } from "../scripts/lib/secrets.ts";
import { capture } from "../scripts/lib/shell.ts";
import { type CaseName, DATASET_HEADER, DATASETS, type Dataset } from "./cases.ts";
import { ACCOUNT, type Created, execute, prepare, restore, verify } from "./data.ts";
import { historySql, LIST_TICKETS } from "./lists.ts";
import type { BenchBindings } from "./worker.ts";

const CONFIG = "bench/wrangler.toml";
const BUILT = resolve("dist/bench");

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
  stages: Stage[];
  /** Drops the log lines that the harness keeps in memory. */
  dropLogs(): void;
  close(): Promise<void>;
}

/** @throws Error when the bench would run the Worker in another runtime than a deployment does. */
function checkSameRuntime(): void {
  const runtime = (config: string) => {
    const { compatibility_date, compatibility_flags, vars } = unstable_readConfig({ config }, { hideWarnings: true });
    return JSON.stringify({ compatibility_date, compatibility_flags, vars });
  };
  if (runtime("wrangler.toml") !== runtime(CONFIG)) {
    throw new Error(`${CONFIG} and wrangler.toml differ in compatibility date, flags or vars`);
  }
}

async function signIn(url: URL, dataset: Dataset): Promise<string> {
  const response = await fetch(new URL("/api/auth/sign-in/email", url), {
    method: "POST",
    headers: { "content-type": "application/json", [DATASET_HEADER]: dataset },
    body: JSON.stringify(ACCOUNT),
  });
  if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { token: string }).token;
}

/** Builds the bench's Worker, starts it in workerd, and migrates and fills both databases. */
export async function startServer(
  logLevel: string,
  purpose: "creations" | "lists" = "creations",
): Promise<BenchServer> {
  Object.assign(process.env, WITHOUT_DEVELOPMENT_AIDS);
  checkSameRuntime();
  buildAssets();
  // As a deployment is built: the harness's own build wraps the Worker in code for development.
  if (capture("wrangler", ["deploy", "--dry-run", "--config", CONFIG, "--outdir", BUILT]) === null) {
    throw new Error(`wrangler could not build ${CONFIG}`);
  }
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
  const worker = harness.getWorker<BenchBindings>();
  await worker.applyD1Migrations("DB");
  await worker.applyD1Migrations("DB_FULL");
  const env = await worker.getEnv();
  const stages: Stage[] = [];
  for (const dataset of DATASETS) {
    const db = dataset === "full" ? env.DB_FULL : env.DB;
    const base = await prepare(db, purpose === "lists" ? "empty" : dataset, env.TIME_ZONE);
    if (purpose === "lists") await execute(db, historySql(LIST_TICKETS[dataset]));
    stages.push({
      dataset,
      db,
      token: await signIn(url, dataset),
      verify: (created) => verify(db, base, created),
      restore: (name, created) => restore(db, base, name, created),
    });
  }
  return { url, stages, dropLogs: () => harness.clearLogs(), close: () => harness.close() };
}
