import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableColumns, is } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { CONTACT_KINDS } from "../../src/customers/contact-values.ts";
import { HISTORY_CHANNELS } from "../../src/customers/schemas.ts";
import * as schema from "../../src/db/schema.ts";
import { MACHINE_STATUSES } from "../../src/machines/schemas.ts";
import { LOCALES } from "../../src/problem.ts";
import { TICKET_PRIORITIES, TICKET_STATUSES, TIMELINE_ACTIONS } from "../../src/tickets/schemas.ts";
import { queryAll } from "../helpers.ts";

const TABLES = Object.values(schema)
  .filter((value) => is(value, SQLiteTable))
  .map((table) => getTableConfig(table));

const literal = (value: unknown): string | null => {
  if (value === undefined) return null;
  return typeof value === "string" ? `'${value}'` : String(Number(value));
};
const names = (columns: { name: string }[]) => columns.map(({ name }) => name);

/** A table as src/db/schema.ts describes it, in plain values. */
function described(table: (typeof TABLES)[number]) {
  const primaryKey = table.primaryKeys.flatMap(({ columns }) => names(columns));
  const ownKey = table.columns.filter((column) => column.primary);
  return {
    columns: Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        {
          type: column.getSQLType().toUpperCase(),
          notNull: column.notNull || primaryKey.includes(column.name),
          default: literal(column.default),
        },
      ]),
    ),
    primaryKey: primaryKey.length > 0 ? primaryKey : names(ownKey),
    autoincrement: ownKey.some((column) => (column as SQLiteColumn & { autoIncrement?: boolean }).autoIncrement),
    foreignKeys: table.foreignKeys
      .map((key) => ({
        ...key.reference(),
        onDelete: key.onDelete ?? "no action",
        onUpdate: key.onUpdate ?? "no action",
      }))
      .map(({ columns, foreignTable, foreignColumns, onDelete, onUpdate }) =>
        [names(columns), getTableConfig(foreignTable).name, names(foreignColumns), onDelete, onUpdate].join(" "),
      )
      .map((text) => text.toLowerCase())
      .sort(),
    unique: [
      ...table.columns.filter((column) => column.isUnique).map((column) => column.name),
      ...table.uniqueConstraints.map(({ columns }) => names(columns).join()),
    ].sort(),
    indexes: table.indexes
      .map(({ config }) => ({
        name: config.name,
        columns: names(config.columns as SQLiteColumn[]).join(),
        unique: config.unique,
        partial: config.where !== undefined,
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

/** A table as the migrations have made it, in the same plain values. */
async function migrated(table: string) {
  type Column = { name: string; type: string; notnull: number; dflt_value: string | null; pk: number };
  type Key = { from: string; table: string; to: string; on_delete: string; on_update: string };
  type Index = { name: string; unique: number; origin: "c" | "u" | "pk"; partial: number };
  const columns = await queryAll<Column>(`PRAGMA table_xinfo(${table})`);
  const keys = await queryAll<Key>(`PRAGMA foreign_key_list(${table})`);
  const indexes = await Promise.all(
    (await queryAll<Index>(`PRAGMA index_list(${table})`)).map(async (index) => ({
      ...index,
      columns: names(await queryAll<{ name: string }>(`PRAGMA index_info(${index.name})`)).join(),
    })),
  );
  const [definition] = await queryAll<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", table);
  return {
    columns: Object.fromEntries(
      columns.map(({ name, type, notnull, dflt_value, pk }) => [
        name,
        { type, notNull: notnull === 1 || pk > 0, default: dflt_value },
      ]),
    ),
    primaryKey: names(columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)),
    autoincrement: definition?.sql.includes("AUTOINCREMENT"),
    foreignKeys: keys
      .map((key) => [key.from, key.table, key.to, key.on_delete, key.on_update].join(" ").toLowerCase())
      .sort(),
    unique: indexes
      .filter(({ origin }) => origin === "u")
      .map((index) => index.columns)
      .sort(),
    indexes: indexes
      .filter(({ origin }) => origin === "c")
      .map((index) => ({
        name: index.name,
        columns: index.columns,
        unique: index.unique === 1,
        partial: index.partial === 1,
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

const tableDefinitions = () =>
  queryAll<{ name: string; sql: string }>(
    `SELECT name, sql FROM sqlite_master
     WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'`,
  );

test("the database of the tests is the one that the migrations make, and as empty", async () => {
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS);
  const objects = `SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE name NOT LIKE '_cf_%' AND name NOT LIKE 'sqlite_%' AND name <> 'd1_migrations' ORDER BY rowid`;
  type Entry = { type: string; name: string; sql: string | null };
  // wrangler leaves the comments of a migration out.
  const bare = (entry: Entry) => ({ ...entry, sql: entry.sql?.replace(/--.*$/gm, "").replace(/\s+/g, " ") });
  const { results: made } = await env.EMPTY_DB.prepare(objects).all<Entry>();
  expect((await queryAll<Entry>(objects)).map(bare)).toEqual(made.map(bare));
  for (const { name } of made.filter(({ type }) => type === "table")) {
    expect(await env.EMPTY_DB.prepare(`SELECT * FROM "${name}"`).all()).toMatchObject({ results: [] });
  }
});

test("the Drizzle schema has exactly the tables of the migrations", async () => {
  const stored = (await tableDefinitions()).map(({ name }) => name);
  expect(names(TABLES).sort()).toEqual(stored.sort());
});

test.each(TABLES)("table $name is the same in the Drizzle schema and in the migrated database", async (table) => {
  expect(described(table)).toEqual(await migrated(table.name));
});

test("every property of the Drizzle schema has the name of its column", () => {
  for (const table of Object.values(schema)) {
    for (const [property, column] of Object.entries(getTableColumns(table))) expect(column.name).toBe(property);
  }
});

test("every table is STRICT, and no foreign key cascades", async () => {
  for (const { sql } of await tableDefinitions()) {
    expect(sql).toMatch(/\) STRICT(, WITHOUT ROWID)?$/);
    expect(sql).not.toMatch(/CASCADE|SET NULL|ON DELETE/i);
  }
});

test("a text in an INTEGER column is refused, as STRICT promises", async () => {
  await expect(queryAll("INSERT INTO ticket_counters VALUES ('CNC', '1126', 'one')")).rejects.toThrow(
    "cannot store TEXT value in INTEGER column",
  );
});

test("the migrations make no triggers and no views", async () => {
  expect(await queryAll("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')")).toEqual([]);
});

describe("values that a column may take", () => {
  const ENUMS = TABLES.flatMap((table) =>
    table.columns
      .filter((column) => column.enumValues !== undefined)
      .map((column) => ({ table: table.name, column: column.name, values: column.enumValues as string[] })),
  );

  test.each(ENUMS)("$table.$column: the schema and the CHECK agree", async ({ table, column, values }) => {
    const [row] = await queryAll<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", table);
    const list = new RegExp(`CHECK \\(${column} IN \\(([^)]*)\\)\\)`).exec(row?.sql ?? "")?.[1];
    expect([...(list ?? "").matchAll(/'(\w+)'/g)].map(([, value]) => value)).toEqual(values);
  });

  test("the API's own lists are the same", () => {
    const valuesOf = (table: string, column: string) =>
      ENUMS.find((entry) => entry.table === table && entry.column === column)?.values;
    expect(valuesOf("tickets", "status")).toEqual(TICKET_STATUSES);
    expect(valuesOf("tickets", "priority")).toEqual(TICKET_PRIORITIES);
    expect(valuesOf("ticket_timeline", "action")).toEqual(TIMELINE_ACTIONS);
    expect(valuesOf("machines", "status")).toEqual(MACHINE_STATUSES);
    expect(valuesOf("customers", "language")).toEqual(LOCALES);
    expect(valuesOf("contact_methods", "kind")).toEqual(CONTACT_KINDS);
    expect(valuesOf("contact_preferences", "preferred_channel")).toEqual(CONTACT_KINDS);
    expect(valuesOf("contact_history", "channel")).toEqual(HISTORY_CHANNELS);
  });

  test("boolean columns hold 0 and 1 only", async () => {
    const booleans = TABLES.flatMap((table) =>
      table.columns
        .filter((column) => column.dataType === "boolean")
        .map((column) => [table.name, column.name] as const),
    );
    expect(booleans.length).toBeGreaterThan(0);
    for (const [table, column] of booleans) {
      const [row] = await queryAll<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", table);
      expect(row?.sql).toContain(`CHECK (${column} IN (0, 1))`);
    }
  });
});
