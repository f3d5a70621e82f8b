import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { databaseAfter, dumpSchema, readMigrations, SCHEMA_FILE } from "./schema.ts";
import { TABLES_FOLDER, tableFiles } from "./tables.ts";

/** Everything that is made from the migrations: the text of each file by its path. */
function generatedFiles(): Map<string, string> {
  const db = databaseAfter(readMigrations());
  const files = tableFiles(db).set(SCHEMA_FILE, dumpSchema());
  db.close();
  return files;
}

/** Files of tables that are no more. */
const superfluous = (files: Map<string, string>): string[] =>
  globSync(`${TABLES_FOLDER}/*`).filter((path) => !files.has(path));

/** Paths of the generated files that are not what the migrations make. */
export function outdatedFiles(): string[] {
  const files = generatedFiles();
  const isCurrent = (path: string, text: string) => existsSync(path) && readFileSync(path, "utf8") === text;
  return [...[...files].filter(([path, text]) => !isCurrent(path, text)).map(([path]) => path), ...superfluous(files)];
}

/** Writes the generated files anew, and removes those of tables that are no more. */
export function writeGeneratedFiles(): void {
  const files = generatedFiles();
  for (const path of superfluous(files)) rmSync(path);
  for (const [path, text] of files) writeFileSync(path, text);
}
