import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  convertV4MiniflareOptions,
  type LegacyWorkerOptions,
  type Request as LocalRequest,
  Response as LocalResponse,
  Miniflare,
} from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { buildAssets } from "./assets.ts";
import { schemaStatements } from "./schema.ts";
import { freshSecrets, type Secrets } from "./secrets.ts";
import { capture } from "./shell.ts";

/** Answers a request that the Worker sends to somebody outside. */
export type Outside = (request: LocalRequest) => LocalResponse | Promise<LocalResponse>;

export interface LocalWorker {
  url: URL;
  db: D1Database;
  /** What the Worker was given beside wrangler.toml. */
  secrets: Secrets;
  close(): Promise<void>;
}

/**
 * Builds the Worker as it is deployed and starts it in workerd, with an empty database and nothing of it on disk. No
 * request leaves this machine, and what is queued for delivery stays there: nothing happens but what is asked for.
 *
 * @param settings variables and secrets beside those of wrangler.toml.
 * @param outside stands in for everybody whom the Worker sends something to.
 */
export async function startLocalWorker(
  settings: Record<string, string> = {},
  outside: Outside = () => new LocalResponse(null, { status: 204 }),
): Promise<LocalWorker> {
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-worker-"));
  buildAssets();
  if (capture("wrangler", ["deploy", "--dry-run", "--outdir", folder], { WRANGLER_SEND_METRICS: "false" }) === null) {
    throw new Error("wrangler could not build the Worker");
  }
  // The names of secrets are no settings; without this each start would warn of those that .dev.vars lacks.
  process.env.WRANGLER_LOG = "error";
  const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions("wrangler.toml")
    .workerOptions as LegacyWorkerOptions & { modulesRules: unknown };
  const secrets: Secrets = { LOG_LEVEL: "silent", ...freshSecrets(), ...settings };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      bindings: { ...options.bindings, ...secrets },
      queueConsumers: {},
      modules: true,
      rootPath: folder,
      scriptPath: "index.js",
      outboundService: outside,
      cf: false,
    }),
  );
  const url = await miniflare.ready;
  const db = await miniflare.getD1Database("DB");
  await db.batch(schemaStatements().map((statement) => db.prepare(statement)));
  return {
    url,
    db,
    secrets,
    async close() {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
