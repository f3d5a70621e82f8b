import { spawnSync } from "node:child_process";
import { buildAssets } from "./lib/assets.ts";
import { freshSecrets } from "./lib/secrets.ts";
import { capture, run } from "./lib/shell.ts";

// Takes a new account, or a running deployment, to the current state. Each step may be repeated.
const DATABASE = "shopfloor-tickets";
const QUEUE = "deliveries";
const BUCKET = "shopfloor-attachments";

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

const queues = capture("wrangler", ["queues", "list"]) ?? "";
if (!queues.includes(` ${QUEUE} `)) run("wrangler", ["queues", "create", QUEUE]);

const buckets = capture("wrangler", ["r2", "bucket", "list"]) ?? "";
if (!new RegExp(`\\b${BUCKET}\\b`).test(buckets)) run("wrangler", ["r2", "bucket", "create", BUCKET]);

const secrets = JSON.parse(capture("wrangler", ["secret", "list", "--format", "json"]) ?? "[]") as { name: string }[];
const present = (name: string) => secrets.some((secret) => secret.name === name);
const fresh = Object.entries(freshSecrets()).filter(([name]) => !present(name));
// The two halves of the VAPID pair belong together: phones have subscribed with the public one.
if (present("VAPID_PUBLIC_KEY") !== present("VAPID_PRIVATE_KEY")) {
  console.error("Only one of VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY is set: set the other, or delete it.");
  process.exit(1);
}
for (const [name, value] of fresh) {
  const { status } = spawnSync("wrangler", ["secret", "put", name], {
    input: value,
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
run("wrangler", ["deploy"]);
