import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, vi } from "vitest";
import type { Bindings } from "../src/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      MIGRATIONS: D1Migration[];
      /** What the migrations make, one statement each: loaded once per file in place of all of them. */
      SCHEMA: string[];
      /** A second database without tables, for tests of migrations. */
      EMPTY_DB: D1Database;
      TEST_PASSWORD: { text: string; hash: string };
    }
    interface GlobalProps {
      mainModule: typeof import("../src/index.ts");
    }
  }
}

// Files share an isolate, and with it the packages and the bundle of src, which take most of the time to load: as in
// production, what src remembers outlives a request. What a file can change is made anew for each: the modules of test
// with all that they remember, the databases, the bucket, mocks and timers.
vi.resetModules();

const TABLES = String.raw`
  SELECT name FROM sqlite_master
  WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '\_cf\_%' ESCAPE '\'
  ORDER BY rowid DESC`;

/** Drops all tables of a database, the newest first, since others refer to older ones. */
async function emptyDatabase(db: D1Database): Promise<void> {
  const { results } = await db.prepare(TABLES).all<{ name: string }>();
  if (results.length === 0) return;
  const drops = results.map(({ name }) => db.prepare(`DROP TABLE "${name}"`));
  await db.batch([db.prepare("PRAGMA defer_foreign_keys = ON"), ...drops]);
}

async function emptyBucket(bucket: R2Bucket): Promise<void> {
  const { objects } = await bucket.list();
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
}

beforeAll(async () => {
  await Promise.all([emptyDatabase(env.DB), emptyDatabase(env.EMPTY_DB), emptyBucket(env.ATTACHMENTS)]);
  await env.DB.batch(env.SCHEMA.map((statement) => env.DB.prepare(statement)));
});

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
