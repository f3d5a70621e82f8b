import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PASSWORD_LENGTH, passwordFlaw } from "../src/auth/password-rules.ts";
import { detailOf } from "../src/problem.ts";
import { ROLES, type Role } from "../src/vocabulary/roles.ts";
import { insertUserSql } from "./lib/users.ts";

const { values } = parseArgs({
  options: {
    email: { type: "string" },
    name: { type: "string" },
    role: { type: "string", default: "admin" },
    password: { type: "string" },
    remote: { type: "boolean", default: false },
  },
});
if (!values.email || !values.name || !ROLES.includes(values.role as Role)) {
  console.error(
    `Usage: npm run user:create -- --email E --name N [--role ${ROLES.join("|")}] [--password P] [--remote]`,
  );
  process.exit(2);
}
const password = values.password ?? randomBytes(12).toString("base64url");
const flaw = passwordFlaw(password, { email: values.email, name: values.name });
if (flaw) {
  console.error(detailOf(flaw, "en", PASSWORD_LENGTH));
  process.exit(2);
}
const sql = await insertUserSql({ email: values.email, name: values.name, role: values.role as Role, password });

// A file, because an argument list would show the password's hash to every process of this machine.
const folder = mkdtempSync(join(tmpdir(), "shopfloor-"));
const file = join(folder, "user.sql");
writeFileSync(file, sql.map((statement) => `${statement};\n`).join(""), { mode: 0o600 });
const { status } = spawnSync(
  "wrangler",
  ["d1", "execute", "DB", values.remote ? "--remote" : "--local", "--yes", `--file=${file}`],
  { stdio: "inherit" },
);
rmSync(folder, { recursive: true });
if (status !== 0) process.exit(status ?? 1);
console.log(`${values.email} can sign in as ${values.role}${values.password ? "" : ` with the password ${password}`}.`);
