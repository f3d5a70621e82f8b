import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getTableColumns } from "drizzle-orm";
import { expect, expectTypeOf, test } from "vitest";
import { type Database, queryBuilder } from "../../src/db/query-builder.ts";
import * as schema from "../../src/db/schema.ts";
import { execute, queryAll } from "../helpers.ts";

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

test.each(Object.entries(schema))(
  "a row of %s is read by the names and in the order of its columns",
  async (name, table) => {
    const columns = await queryAll<{ name: string }>("SELECT name FROM pragma_table_xinfo(?)", name);
    expect(Object.keys(getTableColumns(table))).toEqual(columns.map((column) => column.name));
    expect(await queryBuilder(env.DB).select().from(table)).toEqual([]);
  },
);

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

test("the migrations make no views, and no triggers but those that keep what is derived", async () => {
  const made = await queryAll<{ name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name",
  );
  expect(made.map(({ name }) => name)).toEqual([
    "changes_machine_inserted",
    "changes_machine_removed",
    "changes_machine_type_updated",
    "changes_machine_updated",
    "changes_ticket_inserted",
    "changes_ticket_noted",
    "changes_ticket_removed",
    "changes_ticket_updated",
    "changes_user_inserted",
    "changes_user_removed",
    "changes_user_updated",
    "customer_blocks_deleted",
    "customer_blocks_inserted",
    "customer_blocks_updated",
    "search_ticket_removed",
    "stats_machine_retired",
    "stats_ticket_inserted",
    "stats_ticket_moved",
    "stats_ticket_removed",
    "stats_ticket_restated",
  ]);
  // They write nothing else, and never stand in the way of what they follow.
  const writes = (sql: string) => sql.match(/\b(INSERT INTO|UPDATE|DELETE FROM|RAISE)\b(?! OF| ON)( (?!SET)\w+)?/g);
  const [blocks, others] = [
    made.filter(({ name }) => name.startsWith("customer_")),
    made.filter(({ name }) => !name.startsWith("customer_")),
  ];
  for (const { name, sql } of blocks) {
    const body = sql.slice(sql.indexOf("BEGIN"));
    expect(writes(body)?.[0], name).toMatch(/^(INSERT INTO|UPDATE) customer_blocks$/);
    expect(writes(body)?.slice(1).join(), name).toBe(name.endsWith("inserted") ? "UPDATE" : "");
  }
  for (const { sql } of others) {
    expect(sql.match(/\b(INSERT INTO|UPDATE|DELETE FROM|RAISE)\b(?! OF| ON)/g)).toEqual(["INSERT INTO"]);
    expect(sql).toMatch(
      /INSERT INTO (stats_marks [\s\S]* ON CONFLICT DO NOTHING|search_edits \(ticket_id\)\s+SELECT [^;]*|document_changes [^;]*);\s*END$/,
    );
  }
});

test("the query builder can read and nothing else", () => {
  expectTypeOf<keyof Database>().toEqualTypeOf<"select" | "batch">();
});

test("the query builder reads booleans as such, and what the database computes", async () => {
  await execute(
    `INSERT INTO users (name, email, active, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', 0, '', '')`,
    "INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '', '')",
    `INSERT INTO machines (machine_type_id, name, qr_token, status, set_status, created_at, updated_at)
     VALUES (1, 'Haas', '${"q".repeat(22)}', 'maintenance', 'maintenance', '', '')`,
  );
  const db = queryBuilder(env.DB);
  expect(await db.select().from(schema.users)).toMatchObject([{ active: false, role: "operator", language: null }]);
  expect(await db.select().from(schema.machines)).toMatchObject([{ status_cause: "person", retired_at: null }]);
});
