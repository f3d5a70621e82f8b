import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export const SCHEMA_FILE = "schema.sql";

/** The schema that all migrations together make, as SQL text: tables, then indexes, in the order they were created. */
export function dumpSchema(): string {
  const db = new DatabaseSync(":memory:");
  for (const file of readdirSync("migrations").sort()) db.exec(readFileSync(`migrations/${file}`, "utf8"));
  const rows = db.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").all();
  db.close();
  return `-- Generated from migrations/ by \`npm run db:schema\`. Do not edit.\n\n${rows.map(({ sql }) => `${sql};\n`).join("\n")}`;
}
