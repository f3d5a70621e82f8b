import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { getPlatformProxy } from "wrangler";
import type { Bindings } from "../src/env.ts";
import { buildAssets } from "./lib/assets.ts";
import { DEMO_PASSWORD, DEMO_USERS, demoDataSql } from "./lib/demo-data.ts";
import { run } from "./lib/shell.ts";

const port = process.env.PORT ?? "8787";
const origin = `http://localhost:${port}`;

if (!existsSync(".dev.vars")) {
  writeFileSync(".dev.vars", `BETTER_AUTH_SECRET=${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  console.log("Wrote .dev.vars with fresh secrets.");
}
buildAssets();
run("wrangler", ["d1", "migrations", "apply", "DB", "--local"], { CI: "true" });

const { env, dispose } = await getPlatformProxy<Bindings>();
const anyone = await env.DB.prepare("SELECT id FROM users LIMIT 1").first();
if (!anyone) {
  await env.DB.batch((await demoDataSql()).map((statement) => env.DB.prepare(statement)));
  console.log("Added the demo people and machines.");
}
await dispose();

const server = spawn("wrangler", ["dev", "--port", port], { stdio: ["ignore", "inherit", "inherit"] });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));

const healthy = async () => (await fetch(`${origin}/api/health`).catch(() => null))?.ok === true;
while (!(await healthy())) await new Promise((resolve) => setTimeout(resolve, 250));

console.log(`
Shopfloor Tickets is up.

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
