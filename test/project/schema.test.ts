import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { dumpSchema, SCHEMA_FILE } from "../../scripts/lib/schema.ts";

const files = readdirSync("migrations").sort();

test("schema.sql is what the migrations make", () => {
  expect(readFileSync(SCHEMA_FILE, "utf8")).toBe(dumpSchema());
});

test("migrations are numbered without a gap, as wrangler orders them by name", () => {
  expect(files.map((file) => file.slice(0, 4))).toEqual(files.map((_, index) => String(index + 1).padStart(4, "0")));
  for (const file of files) expect(file).toMatch(/^\d{4}_[a-z0-9_]+\.sql$/);
});

test.each(files)("%s makes STRICT tables, never cascades and never rebuilds a table", (file) => {
  const sql = readFileSync(`migrations/${file}`, "utf8").replace(/--.*$/gm, "");
  expect(sql.match(/\) STRICT/g) ?? []).toHaveLength((sql.match(/CREATE TABLE/g) ?? []).length);
  expect(sql).not.toMatch(/CASCADE|DROP TABLE|PRAGMA|BEGIN TRANSACTION|COMMIT/i);
});
