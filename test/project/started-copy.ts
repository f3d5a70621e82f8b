import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getPlatformProxy, unstable_splitSqlQuery } from "wrangler";
import { buildAssets } from "../../scripts/lib/assets.ts";
import { freePort, type ProcessGroup, startGroup, withinFolder } from "./processes.ts";

const MIGRATIONS_TABLE = `CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
                                                      applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/** A checkout of this project with a local database of its own, in which `npm start` can be run. */
export async function projectCopy() {
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-copy-"));
  // What it would build is the same here.
  buildAssets();
  for (const name of ["src", "scripts", "node_modules", "dist", "package.json", "package-lock.json", "tsconfig.json"]) {
    symlinkSync(resolve(name), join(folder, name));
  }
  cpSync("wrangler.toml", join(folder, "wrangler.toml"));
  cpSync("migrations", join(folder, "migrations"), { recursive: true });
  mkdirSync(join(folder, "tmp"));
  const env = {
    ...withinFolder(join(folder, "tmp")),
    PATH: `${resolve("node_modules/.bin")}:${process.env.PATH}`,
    NODE_NO_WARNINGS: "1",
  };
  let running: ProcessGroup | null = null;

  const databaseFile = (): string => {
    const files = globSync(join(folder, ".wrangler/state/v3/d1/*/*.sqlite"));
    const file = files.find((name) => !name.endsWith("metadata.sqlite"));
    if (!file) throw new Error("no database");
    return file;
  };

  return {
    /** Makes the local database as it was before this migration. @returns it, to be filled and closed. */
    async databaseBefore(migration: string): Promise<DatabaseSync> {
      const persist = { path: join(folder, ".wrangler/state/v3") };
      const configPath = join(folder, "wrangler.toml");
      const { env: bindings, dispose } = await getPlatformProxy<{ DB: D1Database }>({ configPath, persist });
      const applied = readdirSync("migrations")
        .sort()
        .filter((file) => file < migration);
      const statements = applied.flatMap((file) => [
        ...unstable_splitSqlQuery(readFileSync(`migrations/${file}`, "utf8")),
        `INSERT INTO d1_migrations (name) VALUES ('${file}')`,
      ]);
      await bindings.DB.batch([MIGRATIONS_TABLE, ...statements].map((statement) => bindings.DB.prepare(statement)));
      await dispose();
      return new DatabaseSync(databaseFile());
    },
    /** `npm start`. @returns the origin at which it answers. */
    async start(settings: string): Promise<string> {
      writeFileSync(join(folder, ".dev.vars"), settings);
      const port = await freePort();
      const origin = `http://localhost:${port}`;
      running = startGroup([resolve("scripts/start.ts"), "--port", `${port}`], { cwd: folder, env });
      await running.answers(`${origin}/api/health`);
      return origin;
    },
    /** What the database holds while nothing is asked of the Worker, to be closed. */
    snapshot(): DatabaseSync {
      const copy = join(folder, "tmp/snapshot.sqlite");
      for (const suffix of ["", "-wal"]) cpSync(databaseFile() + suffix, copy + suffix);
      return new DatabaseSync(copy);
    },
    async dispose(): Promise<void> {
      await running?.kill();
      // The last of its helpers may still be writing a file.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
