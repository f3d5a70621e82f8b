import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
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

beforeAll(() => env.DB.batch(env.SCHEMA.map((statement) => env.DB.prepare(statement))));
