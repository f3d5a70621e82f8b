import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rebuildMigration, rebuildsOf } from "../../scripts/lib/rebuild.ts";
import { databaseAfter, readMigrations, SCHEMA_FILE } from "../../scripts/lib/schema.ts";

/** Tables that may go: what their rows said, other tables say. */
const REPEATED = ["ticket_terms"];

const files = readdirSync("migrations").sort();

test("migrations are numbered without a gap, as wrangler orders them by name", () => {
  expect(files.map((file) => file.slice(0, 4))).toEqual(files.map((_, index) => String(index + 1).padStart(4, "0")));
  for (const file of files) expect(file).toMatch(/^\d{4}_[a-z0-9_]+\.sql$/);
});

test.each(files)("%s makes STRICT tables, never cascades, and rebuilds a table only as the generator does", (file) => {
  const text = readFileSync(`migrations/${file}`, "utf8");
  const sql = text.replace(/--.*$/gm, "");
  const made = sql.match(/CREATE TABLE \w+ \(/g) ?? [];
  expect(sql.match(/\) STRICT/g) ?? []).toHaveLength(made.length);
  expect(sql).not.toMatch(/CASCADE|BEGIN TRANSACTION|COMMIT/i);
  const rebuilds = rebuildsOf(text);
  if (rebuilds) expect(rebuildMigration(readMigrations(file), rebuilds)).toBe(text);
  else
    expect(REPEATED.reduce((rest, table) => rest.replace(`DROP TABLE ${table};`, ""), sql)).not.toMatch(
      /DROP TABLE|PRAGMA/i,
    );
});

test("every table is made after those that it refers to, so that an export, which lists them so, can be put back", () => {
  const db = databaseAfter(readMigrations());
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").all();
  const names = tables.map(({ name }) => `${name}`);
  const parents = db.prepare('SELECT "table" AS parent FROM pragma_foreign_key_list(?)');
  for (const [place, name] of names.entries())
    for (const { parent } of parents.all(name)) expect(names.slice(0, place + 1), name).toContain(parent);
  db.close();
});

test("every CHECK has a name that begins with its table's and is given once, so that an error names the rule", () => {
  const names = [
    ...readFileSync(SCHEMA_FILE, "utf8")
      .replace(/--.*$/gm, "")
      .split(/^CREATE TABLE /m),
  ].flatMap((part) => {
    const table = /^\w+/.exec(part)?.[0] ?? "";
    return [...part.matchAll(/(?:CONSTRAINT (\w+) )?CHECK \(/g)].map(([rule, name]) => {
      expect(`${name}`, `${table}: ${rule}`).toMatch(new RegExp(`^${table}(_|$)`));
      return name;
    });
  });
  expect(names.length).toBeGreaterThan(80);
  expect(new Set(names).size).toBe(names.length);
});
