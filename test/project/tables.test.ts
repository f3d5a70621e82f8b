import { expect, test } from "vitest";
import { databaseAfter } from "../../scripts/lib/schema.ts";
import { tableFiles } from "../../scripts/lib/tables.ts";

/** The generated files of a database with these tables. */
function generated(...definitions: string[]): Map<string, string> {
  const db = databaseAfter(definitions);
  const files = tableFiles(db);
  db.close();
  return files;
}

/** The generated columns of a table with these columns, by name. */
function columnsOf(definition: string): Record<string, string> {
  const text = generated(`CREATE TABLE parts (${definition}) STRICT`).get("src/db/schema/parts.ts") ?? "";
  return Object.fromEntries([...text.matchAll(/^ {2}(\w+): (.*),$/gm)].map(([, name, column]) => [name, column]));
}

test("a table is one file, in the order and with the names of its columns, and the index exports it", () => {
  const files = generated(
    "CREATE TABLE spare_parts (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, price REAL) STRICT",
    "CREATE TABLE bins (code TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "CREATE INDEX spare_parts_name ON spare_parts (name) WHERE price IS NOT NULL",
  );
  expect([...files.keys()]).toEqual(["src/db/schema.ts", "src/db/schema/spare-parts.ts", "src/db/schema/bins.ts"]);
  expect(files.get("src/db/schema.ts")).toBe(
    `// Generated from migrations/ by \`npm run db:schema\`. Do not edit.
export * from "./schema/bins.ts";
export * from "./schema/spare-parts.ts";
`,
  );
  expect(files.get("src/db/schema/spare-parts.ts")).toBe(
    `// Generated from migrations/ by \`npm run db:schema\`. Do not edit.
import { sqliteTable } from "drizzle-orm/sqlite-core";

export const spare_parts = /* @__PURE__ */ sqliteTable("spare_parts", (t) => ({
  id: t.integer().notNull(),
  name: t.text().notNull(),
  price: t.real(),
}));
`,
  );
});

test("what can be NULL and what cannot, a key included; a default is the database's", () => {
  expect(
    columnsOf("a INTEGER, b TEXT, c TEXT NOT NULL DEFAULT 'x', d TEXT DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (a, b)"),
  ).toEqual({ a: "t.integer().notNull()", b: "t.text().notNull()", c: "t.text().notNull()", d: "t.text()" });
  expect(columnsOf("code TEXT PRIMARY KEY")).toEqual({ code: "t.text().notNull()" });
});

test("an INTEGER that is 0 or 1 is a boolean", () => {
  expect(columnsOf("a INTEGER NOT NULL DEFAULT 1 CHECK (a IN (0, 1)), b INTEGER CHECK (b IN (0, 1, 2))")).toEqual({
    a: 't.integer({ mode: "boolean" }).notNull()',
    b: "t.integer()",
  });
});

test("a CHECK that lists texts is a type: named or not, over lines, added later, with comments between", () => {
  const files = generated(
    `CREATE TABLE parts (
       kind  TEXT NOT NULL -- CHECK (kind IN ('not', 'this'))
             CHECK (kind IN ('new',
                             'used')),
       state TEXT CONSTRAINT parts_state CHECK (state IN ('kept', 'sold'))
     ) STRICT`,
    "ALTER TABLE parts ADD COLUMN size TEXT CHECK (size IN ('s', 'm'))",
  );
  expect(files.get("src/db/schema/parts.ts")).toContain(`
  kind: t.text().$type<"new" | "used">().notNull(),
  state: t.text().$type<"kept" | "sold">(),
  size: t.text().$type<"s" | "m">(),
`);
});

test("a CHECK that does more than list the texts of the column is no type", () => {
  expect(
    columnsOf(`a TEXT CHECK (length(a) > 1), b TEXT, month INTEGER CHECK (month IN (1, 2)),
               CHECK (b IN ('x') OR a IS NULL), CHECK ((a IS NULL) = (b IS NULL))`),
  ).toEqual({ a: "t.text()", b: "t.text()", month: "t.integer()" });
});

test("a list too long for the line gets a name", () => {
  const long = ["received", "diagnostic", "in_progress", "waiting_parts", "completed", "cancelled", "archived"];
  const text = generated(`CREATE TABLE spare_parts (state TEXT CHECK (state IN ('${long.join("', '")}'))) STRICT`);
  expect(text.get("src/db/schema/spare-parts.ts")).toContain(`
type SparePartsState =
${long.map((state) => `  | "${state}"`).join("\n")};

export const spare_parts = /* @__PURE__ */ sqliteTable("spare_parts", (t) => ({
  state: t.text().$type<SparePartsState>(),
}));
`);
});

test("a generated column is read like any other; a CASE of texts gives its type", () => {
  expect(
    columnsOf(`a INTEGER, rank INTEGER GENERATED ALWAYS AS (CASE a WHEN 1 THEN 2 ELSE 0 END) VIRTUAL,
               cause TEXT GENERATED ALWAYS AS (CASE WHEN a = 1 THEN NULL WHEN a = 2 THEN 'person' ELSE 'tickets' END) VIRTUAL,
               shown TEXT GENERATED ALWAYS AS (CASE WHEN a = 1 THEN 'one' ELSE a || '' END) STORED,
               words TEXT GENERATED ALWAYS AS (replace(coalesce(a, ''), '-', ' ')) VIRTUAL`),
  ).toEqual({
    a: "t.integer()",
    rank: "t.integer()",
    cause: 't.text().$type<"person" | "tickets">()',
    shown: "t.text()",
    words: "t.text()",
  });
});

test.each([
  ["picture BLOB", "parts.picture: no type for BLOB"],
  ["a TEXT, b TEXT AS (a || 'b')", "parts.b: write GENERATED ALWAYS AS (...) VIRTUAL behind its type"],
])("what it does not know is refused: %s", (definition, message) => {
  expect(() => columnsOf(definition)).toThrow(message);
});
