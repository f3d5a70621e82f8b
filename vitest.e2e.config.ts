import { defineConfig } from "vitest/config";
import { buildAssets } from "./scripts/lib/assets.ts";

buildAssets();

export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    // A browser and a Worker are enough for a small machine.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
