import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { buildAssets } from "./scripts/lib/assets.ts";
import { schemaStatements } from "./scripts/lib/schema.ts";
import { freshVapidKeys } from "./scripts/lib/secrets.ts";
import { hashPassword } from "./src/auth/password.ts";
import { sourceBundle } from "./vitest.bundle.ts";

// The secrets are made here, and wrangler would warn for each test file that it finds none.
process.env.WRANGLER_LOG = "error";

// The Worker under test serves what the deployed one does.
buildAssets();

const vapid = freshVapidKeys();
const migrations = await readD1Migrations("migrations");
const password = "correct horse battery";

// Every package that the tests import, and the code where Vite serves it: bundled once per lock file, so that an
// isolate loads a few files instead of several hundred.
const IMPORTED_PACKAGE = /^(?:import|export) (?!type )[^;]*?from "([^".][^":]*)"/gm;
const packages = new Set(
  globSync("{src,scripts/lib,test}/**/*.ts", { exclude: ["src/web/**", "test/{project,web,e2e}/**"] })
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(IMPORTED_PACKAGE)])
    .map(([, specifier = ""]) => specifier)
    .filter((specifier) => specifier !== "vitest"),
);

// Those that wait for processes, queues and windows of time begin first and run beside the rest.
const SLOW =
  /\/(crash-\w+|upgrade|fuzz|recipes|generated-client|import-memory|deploy|sync|model|drain|filters|rights|access|last-admin|throttle|common-words)\.test\.ts$/;

/** Those of the project before the Worker's, whose isolate ends when another kind of file is next. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project, moduleId }: TestSpecification) =>
      (project.name === "project" ? 0 : 2) + (SLOW.test(moduleId) ? 0 : 1);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    // Some files wait more than they work: for queues, timeouts and restarted processes.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        // The real Worker in workerd, with real local D1; test/setup.ts empties the storage for each file.
        plugins: [
          sourceBundle(),
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // For tests of migrations: a database that has none yet.
              d1Databases: ["EMPTY_DB"],
              bindings: {
                BETTER_AUTH_SECRET: "a-secret-that-only-the-tests-know-0123456789",
                VAPID_PUBLIC_KEY: vapid.publicKey,
                VAPID_PRIVATE_KEY: vapid.privateKey,
                ALLOW_LOCAL_TARGETS: "true",
                LOG_LEVEL: "silent",
                MIGRATIONS: migrations,
                SCHEMA: schemaStatements(),
                // The password of every account that the tests add: hashed once, since a hash takes 70 ms.
                TEST_PASSWORD: { text: password, hash: await hashPassword(password) },
              },
            },
          }),
        ],
        test: {
          name: "worker",
          // Starting workerd and loading the packages takes longer than most files. An isolate runs many of them.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/{project,web,e2e}/**"],
          setupFiles: ["test/setup.ts"],
          globalSetup: ["test/receivers/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          deps: {
            optimizer: {
              ssr: {
                enabled: true,
                include: [...packages],
                rolldownOptions: { external: [/^node:/, /^cloudflare:/, ...builtinModules] },
              },
            },
          },
        },
      },
      {
        // What the app computes without a browser. Browsers themselves: npm run test:e2e.
        test: { name: "web", include: ["test/web/**/*.test.ts"] },
      },
      {
        // The project's own files: documentation, scripts, structure.
        test: { name: "project", include: ["test/project/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 60_000 },
      },
    ],
  },
});
