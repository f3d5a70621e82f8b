import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export const SCHEMA_FILE = "schema.sql";

/** The SQL of every migration, in order; `before` leaves out that file and what follows it. */
export const readMigrations = (before = "~"): string[] =>
  readdirSync("migrations")
    .sort()
    .filter((file) => file < before)
    .map((file) => readFileSync(`migrations/${file}`, "utf8"));

/** A database in memory to which these SQL texts have been applied. */
export function databaseAfter(texts: string[]): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  for (const text of texts) db.exec(`BEGIN; ${text}; COMMIT`);
  return db;
}

/** What all migrations together make, as one statement each: tables, then indexes, in the order they were created. */
export function schemaStatements(): string[] {
  const db = databaseAfter(readMigrations());
  const rows = db.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").all();
  db.close();
  return rows.map(({ sql }) => String(sql));
}

/** The same as the text of SCHEMA_FILE. */
export const dumpSchema = (): string =>
  `-- Generated from migrations/ by \`npm run db:schema\`. Do not edit.\n\n${schemaStatements()
    .map((sql) => `${sql};\n`)
    .join("\n")}`;
