import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Bindings } from "../src/env.ts";
import { buildAssets } from "./lib/assets.ts";
import { DEMO_PASSWORD, DEMO_USERS, demoDataSql } from "./lib/demo-data.ts";
import { portToServeOn } from "./lib/port.ts";
import { freshSecrets, OPTIONAL_SECRETS } from "./lib/secrets.ts";
import { capture, run } from "./lib/shell.ts";

const port = await portToServeOn();
const origin = `http://localhost:${port}`;

// Settings that this checkout has not met yet are added; what is there stays.
const known = existsSync(".dev.vars") ? readFileSync(".dev.vars", "utf8") : "";
const missing = Object.entries({ ...freshSecrets(), ALLOW_LOCAL_TARGETS: "true" }).filter(
  ([name]) => !new RegExp(`^${name}=`, "m").test(known),
);
if (missing.length > 0) {
  writeFileSync(".dev.vars", known + missing.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  console.log(`Wrote ${missing.map(([name]) => name).join(", ")} to .dev.vars.`);
}
buildAssets();
// wrangler prints a table of all migrations for each of them. Only a failure is worth reading: it is repeated aloud.
const MIGRATE = ["d1", "migrations", "apply", "DB", "--local"];
console.log("Bringing the local database up to date ...");
if (capture("wrangler", MIGRATE, { CI: "true" }) === null) run("wrangler", MIGRATE, { CI: "true" });

// Loaded only now: it takes a second, which whoever mistyped an argument need not wait.
const { getPlatformProxy } = await import("wrangler");
const { env, dispose } = await getPlatformProxy<Bindings>();
const anyone = await env.DB.prepare("SELECT id FROM users LIMIT 1").first();
if (!anyone) {
  await env.DB.batch((await demoDataSql()).map((statement) => env.DB.prepare(statement)));
  console.log("Added the demo people, machines and customers.");
}
await dispose();

// wrangler dev reads from .dev.vars only what wrangler.toml declares, and an optional secret cannot be declared there.
const optional = OPTIONAL_SECRETS.flatMap((name) => {
  const value = new RegExp(`^${name}=(.+)$`, "m").exec(known)?.[1];
  return value ? ["--var", `${name}:${value}`] : [];
});
const server = spawn("wrangler", ["dev", "--port", `${port}`, ...optional], {
  stdio: ["ignore", "inherit", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));

const healthy = async () => (await fetch(`${origin}/api/health`).catch(() => null))?.ok === true;
while (!(await healthy())) await new Promise((resolve) => setTimeout(resolve, 250));

// Cron triggers do not fire by themselves in local development.
setInterval(() => fetch(`${origin}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`).catch(() => null), 60_000);

console.log(`
Shopfloor Tickets is up. Open it, and sign in with one of the demo accounts:

  App        ${origin}
  API        ${origin}/api
  API docs   ${origin}/api/docs

  Accounts, all with the password ${DEMO_PASSWORD}:
${DEMO_USERS.map((user) => `    ${user.email.padEnd(34)} ${user.role}`).join("\n")}

  Create a ticket from another terminal:

TOKEN=$(curl -s ${origin}/api/auth/sign-in/email -H 'Content-Type: application/json' \\
  -d '{"email":"technician@shopfloor.example","password":"${DEMO_PASSWORD}"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
curl -s ${origin}/api/tickets -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: $(date +%s)" -d '{"title":"Spindle vibrates above 8,000 rpm","machine_id":1}'
`);
