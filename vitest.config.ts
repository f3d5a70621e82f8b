import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import webPush from "web-push";

const vapid = webPush.generateVAPIDKeys();
const migrations = await readD1Migrations("migrations");

export default defineConfig({
  test: {
    projects: [
      {
        // The real Worker in workerd, with real local D1; one storage per file.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                BETTER_AUTH_SECRET: "a-secret-that-only-the-tests-know-0123456789",
                VAPID_PUBLIC_KEY: vapid.publicKey,
                VAPID_PRIVATE_KEY: vapid.privateKey,
                ALLOW_LOCAL_TARGETS: "true",
                LOG_LEVEL: "silent",
                MIGRATIONS: migrations,
              },
            },
          }),
        ],
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: ["test/project/**"],
          setupFiles: ["test/setup.ts"],
        },
      },
      {
        // The project's own files: documentation, scripts, structure.
        test: { name: "project", include: ["test/project/**/*.test.ts"], testTimeout: 120_000 },
      },
    ],
  },
});
