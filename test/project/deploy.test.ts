import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const LARGEST_GZIP_KIB = 454;

test(`the Worker builds without an account and is at most ${LARGEST_GZIP_KIB} KiB in gzip`, () => {
  const folder = mkdtempSync(join(tmpdir(), "shopfloor-build-"));
  const { status, stdout, stderr } = spawnSync(
    "node_modules/.bin/wrangler",
    ["deploy", "--dry-run", "--outdir", folder],
    {
      encoding: "utf8",
      env: { ...process.env, CI: "true", NO_COLOR: "1", WRANGLER_LOG: "log", WRANGLER_SEND_METRICS: "false" },
    },
  );
  rmSync(folder, { recursive: true });
  expect(stderr).not.toMatch(/\bERROR\b/);
  expect(status).toBe(0);
  const size = Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1]);
  expect(size).toBeGreaterThan(50);
  expect(size).toBeLessThanOrEqual(LARGEST_GZIP_KIB);
  for (const binding of ["env.DB", "env.ASSETS", "env.ATTACHMENTS", "env.DELIVERIES"]) {
    expect(stdout).toContain(binding);
  }
});
