import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { buildAssets } from "./lib/assets.ts";
import { capture, run } from "./lib/shell.ts";

// Takes a new account, or a running deployment, to the current state. Each step may be repeated.
const DATABASE = "shopfloor-tickets";

const dryRun = process.argv.includes("--dry-run");
buildAssets();
if (dryRun) {
  run("wrangler", ["deploy", "--dry-run", "--outdir", "dist/worker"]);
  process.exit(0);
}

run("wrangler", ["whoami"]);

const databases = JSON.parse(capture("wrangler", ["d1", "list", "--json"]) ?? "[]") as { name: string }[];
if (!databases.some(({ name }) => name === DATABASE)) run("wrangler", ["d1", "create", DATABASE]);
run("wrangler", ["d1", "migrations", "apply", "DB", "--remote"], { CI: "true" });

const secrets = JSON.parse(capture("wrangler", ["secret", "list", "--format", "json"]) ?? "[]") as { name: string }[];
const fresh = { BETTER_AUTH_SECRET: randomBytes(32).toString("base64url") };
for (const [name, value] of Object.entries(fresh)) {
  if (secrets.some((secret) => secret.name === name)) continue;
  const { status } = spawnSync("wrangler", ["secret", "put", name], {
    input: value,
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
run("wrangler", ["deploy"]);
