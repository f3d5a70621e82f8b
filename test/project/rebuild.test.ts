import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rebuild, rebuildMigration, rebuildsOf } from "../../scripts/lib/rebuild.ts";
import { databaseAfter, readMigrations } from "../../scripts/lib/schema.ts";
import { type LocalDatabase, localDatabase } from "./local-database.ts";

const migrations = readMigrations();
const AT = "2026-11-20T15:04:05.123Z";

let local: LocalDatabase;
beforeAll(async () => {
  local = await localDatabase();
  await local.migrate(...migrations);
  await local.execute(
    `INSERT INTO users (name, email, role, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', 'technician', '${AT}', '${AT}')`,
    `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', '${AT}', '${AT}')`,
    `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
     VALUES (1, 'Haas VF-2', '${"q".repeat(22)}', '${AT}', '${AT}')`,
    ...Array.from(
      { length: 300 },
      (
        _,
        index,
      ) => `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, reported_at, created_at, updated_at)
        VALUES ('CNC-1126-${String(index + 1).padStart(4, "0")}', 'Ticket', 1, 1, 1, 'Tara', '${AT}', '${AT}', '${AT}')`,
    ),
    `INSERT INTO ticket_timeline (ticket_id, id, action, created_at) SELECT id, id, 'created', '${AT}' FROM tickets`,
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
     SELECT 'push', 'user:1', 'ticket:' || id, 'ticket.assigned', '{}', '${AT}', '${AT}', '${AT}' FROM tickets`,
    `INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms)
     SELECT id, 1, 1, 1, '${AT}', 5 FROM deliveries`,
    `INSERT INTO push_logs (delivery_id, generation, ticket_id, user_id, status, attempt, created_at)
     SELECT d.id, 1, t.id, 1, 'no_device', 1, '${AT}' FROM deliveries d JOIN tickets t ON d.subject = 'ticket:' || t.id`,
    // The newest ids have been given, and their rows are gone.
    "DELETE FROM push_logs WHERE delivery_id > 290",
    "DELETE FROM delivery_attempts WHERE delivery_id > 290",
    "DELETE FROM deliveries WHERE id > 290",
    "CREATE TRIGGER tickets_seen AFTER INSERT ON tickets BEGIN UPDATE machines SET location = 'seen' WHERE id = 1; END",
  );
});
afterAll(() => local.close());

const definitionOf = async (table: string): Promise<string> =>
  `${(await local.query(`SELECT sql FROM sqlite_master WHERE name = '${table}'`))[0]?.sql}`;

/** All that a rebuild has to keep: rows, definitions, numbers given. */
async function state() {
  const tables = ["tickets", "deliveries", "ticket_timeline", "delivery_attempts", "push_logs", "machines"];
  return {
    rows: await Promise.all(tables.map((table) => local.query(`SELECT * FROM ${table} ORDER BY 1`))),
    definitions: await local.query(
      "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    ),
    keys: await Promise.all(tables.map((table) => local.query(`PRAGMA foreign_key_list(${table})`))),
    numbers: await local.query("SELECT name, seq FROM sqlite_sequence ORDER BY name"),
    violations: await local.query("PRAGMA foreign_key_check"),
  };
}

test("tickets and deliveries are rebuilt under their rows: rows, keys, indexes, triggers and numbers stay", async () => {
  const before = await state();
  expect(before.rows.map((rows) => rows.length)).toEqual([300, 290, 300, 290, 290, 1]);
  const present = [...migrations, await definitionOf("tickets_seen")];
  const rebuilds = await Promise.all(
    ["tickets", "deliveries"].map(async (table) => ({ definition: await definitionOf(table) })),
  );
  await local.migrate(rebuildMigration(present, rebuilds));
  expect(await state()).toEqual(before);
  expect(before.violations).toEqual([]);
});

test("a constraint changes, a column is added and one is worked out anew", async () => {
  const definition = (await definitionOf("deliveries"))
    .replace("'stripe'", "'stripe', 'pager'")
    .replace("last_error ", "kind TEXT NOT NULL, note TEXT DEFAULT 'new', last_error ");
  await local.migrate(rebuildMigration(migrations, [{ definition, values: { kind: "channel || '!'" } }]));
  const [row] = await local.query("SELECT COUNT(*) AS n, MIN(kind) AS kind, MIN(note) AS note FROM deliveries");
  expect(row).toEqual({ n: 290, kind: "push!", note: "new" });
  await local.execute(
    `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at, kind)
     VALUES ('pager', 'user:1', 'ticket:1', 'ticket.assigned', '{}', '${AT}', '${AT}', '${AT}', 'x')`,
  );
  // 300 ids had been given before.
  expect(await local.query("SELECT MAX(id) AS id FROM deliveries")).toEqual([{ id: 301 }]);
});

test("a row that breaks the new definition undoes the whole migration", async () => {
  const before = await state();
  const definition = (await definitionOf("tickets")).replace("length(title) BETWEEN 3", "length(title) BETWEEN 90");
  await expect(local.migrate(rebuildMigration(migrations, [{ definition }]))).rejects.toThrow(
    "CHECK constraint failed",
  );
  expect(await state()).toEqual(before);
});

test("a foreign key that would take rows along is refused", () => {
  const child =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE) STRICT";
  const rebuilds: Rebuild[] = [{ definition: "CREATE TABLE users (id INTEGER PRIMARY KEY) STRICT" }];
  expect(() => rebuildMigration([...migrations, child], rebuilds)).toThrow("notes has a foreign key to users");
  expect(() => rebuildMigration(migrations, [{ definition: "CREATE TABLE nobody (id INTEGER)" }])).toThrow("no table");
});

test("a generated migration can be made again from what it holds", () => {
  const [definition] = databaseAfter(migrations)
    .prepare("SELECT sql FROM sqlite_master WHERE name = 'tickets'")
    .all()
    .map(({ sql }) => `${sql}`);
  const made = rebuildMigration(migrations, [{ definition: definition ?? "", values: { title: "upper(title)" } }]);
  expect(rebuildMigration(migrations, rebuildsOf(made) ?? [])).toBe(made);
  expect(rebuildsOf("CREATE TABLE by_hand (id INTEGER);")).toBeNull();
});
