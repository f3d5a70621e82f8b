import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import type { Bindings } from "../src/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      MIGRATIONS: D1Migration[];
      /** A second database without tables, for tests of migrations. */
      EMPTY_DB: D1Database;
      TEST_PASSWORD: { text: string; hash: string };
    }
    interface GlobalProps {
      mainModule: typeof import("../src/index.ts");
    }
  }
}

beforeAll(() => applyD1Migrations(env.DB, env.MIGRATIONS));
