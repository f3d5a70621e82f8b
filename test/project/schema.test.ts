import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rebuildMigration, rebuildsOf } from "../../scripts/lib/rebuild.ts";
import { readMigrations } from "../../scripts/lib/schema.ts";

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
  else expect(sql).not.toMatch(/DROP TABLE|PRAGMA/i);
});
