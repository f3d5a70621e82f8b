import { readdirSync, readFileSync } from "node:fs";
import { type Rebuild, rebuildMigration, rebuildsOf, tableName } from "./rebuild.ts";
import { databaseAfter, readMigrations } from "./schema.ts";
import { definitionsOf, inLine } from "./vocabulary.ts";

export interface RebuildFile {
  /** Its path. */
  file: string;
  text: string;
  /** The tables that it makes anew, in order. */
  tables: string[];
}

/** The rebuilds of the newest migration, if that is the one of this name, and null if it is another. */
function openMigration(newest: string, name: string): Rebuild[] | null {
  if (newest.slice(5) !== `${name}.sql`) return null;
  const rebuilds = rebuildsOf(readFileSync(`migrations/${newest}`, "utf8"));
  if (!rebuilds) throw new Error(`migrations/${newest} was written by hand: take another name`);
  return rebuilds;
}

/**
 * The migration that brings tables to a new definition: all whose words are not those of src/vocabulary, and those named.
 * Is the newest migration the one of this name, it is made again from the definitions and values that stand in it: so
 * what no vocabulary says is changed by editing them.
 *
 * @param name what the file is called, behind its number.
 * @param tables that have a part in it whatever the vocabularies say.
 * @returns null when there is nothing to rebuild.
 * @throws Error for a bad name, a table that is not there, a definition that cannot be, or a migration made by hand.
 */
export function rebuildFile(name: string, tables: string[]): RebuildFile | null {
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) throw new Error(`not a name of small letters, digits and _: ${name}`);
  const newest = readdirSync("migrations").sort().at(-1) ?? "0000";
  const open = openMigration(newest, name);
  const file = open ? newest : `${String(Number(newest.slice(0, 4)) + 1).padStart(4, "0")}_${name}.sql`;
  const migrations = readMigrations(open ? newest : undefined);
  const db = databaseAfter(migrations);
  const definitions = definitionsOf(db);
  db.close();
  const edited = new Map((open ?? []).map((rebuild) => [tableName(rebuild.definition), rebuild]));
  const differing = [...definitions].filter(([table, sql]) => inLine(table, sql) !== sql).map(([table]) => table);
  const rebuilds = [...new Set([...edited.keys(), ...tables, ...differing])].map((table) => {
    const rebuild = edited.get(table) ?? { definition: definitions.get(table) };
    if (!rebuild.definition) throw new Error(`there is no table ${table}`);
    return { ...rebuild, definition: inLine(table, rebuild.definition) };
  });
  if (rebuilds.length === 0) return null;
  const text = rebuildMigration(migrations, rebuilds);
  const made = rebuildsOf(text) ?? [];
  return { file: `migrations/${file}`, text, tables: made.map(({ definition }) => tableName(definition)) };
}
