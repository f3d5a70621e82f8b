import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { buildAssets } from "../../scripts/lib/assets.ts";
import { freshSecrets } from "../../scripts/lib/secrets.ts";
import { freePort, type ProcessGroup, startGroup, withinFolder } from "./processes.ts";

const WRANGLER = ["node_modules/wrangler/bin/wrangler.js"];

/** The project's own settings, so placed that wrangler leaves everything it makes in `folder`. */
function writeConfig(folder: string, assets: string): string {
  const file = join(folder, "wrangler.toml");
  const paths = /^(main|directory|migrations_dir|"[^"]+") = "(.+)"$/gm;
  const settings = readFileSync("wrangler.toml", "utf8");
  writeFileSync(
    file,
    settings.replace(
      paths,
      (_, name: string, path: string) => `${name} = "${resolve(name === "directory" ? assets : path)}"`,
    ),
  );
  return file;
}

/**
 * The Worker as `wrangler dev` runs it, in processes of its own and with a database of its own, so that it can be
 * killed without warning and started again over what it has left behind.
 *
 * @param settings variables beside those of every local Worker.
 * @param assets the folder of files that it serves.
 */
export async function crashableWorker(settings: Record<string, string> = {}, assets = "dist/assets") {
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-crash-"));
  const state = join(folder, "state");
  const config = writeConfig(folder, assets);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const environment = withinFolder(folder);
  const vars = Object.entries({ ...freshSecrets(), ALLOW_LOCAL_TARGETS: "true", LOG_LEVEL: "warn", ...settings });
  const setUp = spawnSync(
    process.execPath,
    [...WRANGLER, "d1", "migrations", "apply", "DB", "--local", "--config", config, "--persist-to", state],
    { env: environment, encoding: "utf8" },
  );
  if (setUp.status !== 0) throw new Error(`migrations failed: ${setUp.stdout}${setUp.stderr}`);
  buildAssets();

  let running: ProcessGroup | null = null;

  /** Reads and writes the database while no Worker runs. */
  const sql = (statement: string): Record<string, SQLOutputValue>[] => {
    if (running) throw new Error("the Worker owns the database while it runs");
    const [file] = globSync(join(state, "v3/d1/miniflare-D1DatabaseObject/*.sqlite")).filter(
      (name) => !name.endsWith("metadata.sqlite"),
    );
    if (!file) throw new Error("no database");
    const database = new DatabaseSync(file);
    try {
      return database.prepare(statement).all();
    } finally {
      database.close();
    }
  };

  return {
    origin,
    sql,
    /** Has it running; does nothing when it does already. */
    async start(): Promise<void> {
      if (running) return;
      const args = [
        "dev",
        "--config",
        config,
        "--ip",
        "127.0.0.1",
        "--port",
        `${port}`,
        "--inspector-port",
        `${await freePort()}`,
      ];
      running = startGroup(
        [
          ...WRANGLER,
          ...args,
          "--persist-to",
          state,
          ...vars.flatMap(([name, value]) => ["--var", `${name}:${value}`]),
        ],
        { env: environment },
      );
      await running.answers(`${origin}/api/health`);
    },
    /** What every mail that was sent consists of, from the files that the local mail service writes. */
    mails() {
      const read = (pattern: string) =>
        globSync(join(folder, ".wrangler/tmp", pattern)).map((file) => readFileSync(file, "utf8"));
      return { html: read("email/**/*.html"), text: read("email/**/*.txt") };
    },
    /** The process group of the running Worker. */
    group(): number {
      if (!running) throw new Error("no Worker is running");
      return running.id;
    },
    /** SIGKILL for every process of the Worker, now. */
    async kill(): Promise<void> {
      await running?.kill();
      running = null;
    },
    /** The cron run of a minute. */
    async cron(): Promise<void> {
      const response = await fetch(`${origin}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
      if (!response.ok) throw new Error(`cron: ${response.status} ${await response.text()} ${running?.output()}`);
    },
    async request(path: string, token: string | null, body?: unknown, headers: Record<string, string> = {}) {
      return fetch(origin + path, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          "content-type": "application/json",
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    },
    async dispose(): Promise<void> {
      await this.kill();
      // The last of its helpers may still be writing a file.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
