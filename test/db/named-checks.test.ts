import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";

const FILE = env.MIGRATIONS.findIndex(({ name }) => name.endsWith("_named_checks.sql"));
const AT = "'2026-11-20T15:04:05.123Z'";

type Row = Record<string, unknown>;
const rows = async (sql: string): Promise<Row[]> => (await env.EMPTY_DB.prepare(sql).all<Row>()).results;
const OBJECTS = "name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name <> 'd1_migrations'";

/** A definition without the names of its rules, and however it is laid out. */
const bare = (sql: unknown) =>
  String(sql)
    .replace(/--.*$/gm, "")
    .replace(/CONSTRAINT \w+/g, "")
    .replace(/\s+/g, "");

/** All that the migration has to keep. */
async function state() {
  const objects = await rows(
    `SELECT type, name, tbl_name, sql FROM sqlite_master WHERE ${OBJECTS} ORDER BY name, type`,
  );
  const tables = objects.filter(({ type }) => type === "table").map(({ name }) => `${name}`);
  const perTable = async (sql: (table: string) => string) =>
    Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await rows(sql(table))] as const)));
  return {
    objects: objects.map((object) => ({ ...object, sql: bare(object.sql) })),
    rows: await perTable((table) => `SELECT * FROM ${table} ORDER BY 1, 2`),
    columns: await perTable((table) => `SELECT * FROM pragma_table_xinfo('${table}')`),
    keys: await perTable((table) => `SELECT * FROM pragma_foreign_key_list('${table}')`),
    indexes: await perTable((table) => `SELECT name, "unique", origin, partial FROM pragma_index_list('${table}')`),
    numbers: await rows("SELECT name, seq FROM sqlite_sequence WHERE name <> 'd1_migrations' ORDER BY name"),
    violations: await rows("PRAGMA foreign_key_check"),
  };
}

const STOCK = [
  `INSERT INTO users (name, email, created_at, updated_at) VALUES ('Tara', 'tara@shop.example', ${AT}, ${AT})`,
  `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at) VALUES (1, 't', ${AT}, ${AT}, ${AT})`,
  `INSERT INTO accounts (user_id, account_id, provider_id, created_at, updated_at) VALUES (1, '1', 'credential', ${AT}, ${AT})`,
  `INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, created_at, last_used_at)
   VALUES (1, 'https://push.example/1', 'p', 'a', ${AT}, ${AT})`,
  `INSERT INTO api_keys (key, user_id, created_at, updated_at) VALUES ('digest', 1, ${AT}, ${AT})`,
  `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', ${AT}, ${AT})`,
  `INSERT INTO machines (machine_type_id, name, qr_token, status, set_status, created_at, updated_at)
   VALUES (1, 'Haas', '${"q".repeat(22)}', 'maintenance', 'maintenance', ${AT}, ${AT})`,
  `INSERT INTO customers (name, email, language, created_at, updated_at) VALUES ('Jeanne', 'j@a.example', 'fr', ${AT}, ${AT})`,
  "INSERT INTO ticket_counters VALUES ('CNC', '1126', 3)",
  `INSERT INTO stats_days (starts_at, ends_at, time_zone) VALUES ('2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z', 'UTC')`,
  ...[1, 2, 3].map(
    (number) =>
      `INSERT INTO tickets (ticket_id, title, status, priority, completed_at, machine_id, machine_type_id, customer_id, reported_by,
                            reporter_name, reported_at, created_at, updated_at)
       VALUES ('CNC-1126-000${number}', 'Spindle', ${number === 1 ? `'completed', 'high', ${AT}` : "'diagnostic', 'low', NULL"},
               1, 1, 1, 1, 'Tara', ${AT}, ${AT}, ${AT})`,
  ),
  `INSERT INTO ticket_timeline (ticket_id, action, created_at) SELECT id, 'created', ${AT} FROM tickets`,
  `INSERT INTO machine_timeline (machine_id, user_id, user_name, old_value, new_value, cause, ticket_id, created_at)
   VALUES (1, 1, 'Tara', 'operational', 'maintenance', 'person', 2, ${AT})`,
  "INSERT INTO ticket_terms VALUES ('spindle', 1)",
  `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
   VALUES (1, 'POST /api/tickets', 'k', 'h', 201, '{}', '{}', ${AT})`,
  `INSERT INTO deliveries (channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
   SELECT 'push', 'user:1', 'ticket:' || id, 'ticket.assigned', '{}', ${AT}, ${AT}, ${AT} FROM tickets`,
  `INSERT INTO delivery_attempts (delivery_id, generation, attempt, started_at, duration_ms) VALUES (1, 1, 1, ${AT}, 5)`,
  `INSERT INTO push_logs (delivery_id, generation, ticket_id, user_id, status, attempt, created_at)
   VALUES (1, 1, 1, 1, 'no_device', 1, ${AT})`,
  `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
   VALUES ('https://a.example/', '[]', 'whsec_A', ${AT}, ${AT})`,
  `INSERT INTO attachments (ticket_id, user_id, file_name, content_type, size_bytes, sha256, object_key, created_at)
   VALUES (1, 1, 'a.png', 'image/png', 1, '${"a".repeat(64)}', 'o', ${AT})`,
  `INSERT INTO contact_methods (customer_id, kind, value, created_at, updated_at) VALUES (1, 'sms', '+15145550123', ${AT}, ${AT})`,
  `INSERT INTO contact_preferences (customer_id, quiet_from, quiet_until, updated_at) VALUES (1, '22:00', '07:00', ${AT})`,
  `INSERT INTO contact_history (customer_id, ticket_id, channel, direction, summary, created_at)
   VALUES (1, 1, 'in_person', 'inbound', 'Came by', ${AT})`,
  `INSERT INTO email_messages (tracking_id, ticket_id, template, subject, origin, created_at)
   VALUES ('${"m".repeat(36)}', 1, 'received', 'Received', 'https://shop.example', ${AT})`,
  `INSERT INTO email_history (tracking_id, token, recipient, language, status, sent_at, created_at)
   VALUES ('${"m".repeat(36)}', '${"t".repeat(22)}', 'j@a.example', 'fr', 'sent', ${AT}, ${AT})`,
  `INSERT INTO email_opt_outs VALUES ('${"d".repeat(43)}', ${AT})`,
  `INSERT INTO channel_pauses (channel, reason, credential, since, probe_at) VALUES ('stripe', 'permission', 'c', ${AT}, ${AT})`,
  `INSERT INTO external_links VALUES ('stripe_customer', 1, 'cus_1', ${AT})`,
  `INSERT INTO stripe_creations (customer_id, idempotency_key, parameters, first_tried_at, last_tried_at)
   VALUES (1, 'k', '{}', ${AT}, ${AT})`,
  `INSERT INTO expired_push_endpoints VALUES ('${"e".repeat(43)}', ${AT})`,
  `INSERT INTO sign_in_guesses (subject, guesses, resets_at) VALUES ('${"s".repeat(43)}', 2, ${AT})`,
  // Numbers that have been given, and whose rows are gone.
  "DELETE FROM deliveries WHERE id = 3",
  "DELETE FROM ticket_timeline WHERE id = 3",
  "DELETE FROM tickets WHERE id = 3",
];

let before: Awaited<ReturnType<typeof state>>;
beforeAll(async () => {
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS.slice(0, FILE));
  await env.EMPTY_DB.batch(STOCK.map((sql) => env.EMPTY_DB.prepare(sql)));
  before = await state();
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS.slice(0, FILE + 1));
});

test("naming the CHECKs keeps rows, columns, keys, indexes, triggers, numbers and every other word", async () => {
  const after = await state();
  expect(after).toEqual(before);
  expect(after.violations).toEqual([]);
  const rebuilt = [...(env.MIGRATIONS[FILE]?.queries.join(";\n") ?? "").matchAll(/CREATE TABLE (\w+) \(/g)];
  expect(rebuilt.length).toBeGreaterThan(20);
  // Each of them had rows to lose.
  for (const [, table = ""] of rebuilt) expect(after.rows[table], table).not.toEqual([]);
});

test("the numbers go on, and no trigger has taken the refill for news", async () => {
  expect(
    await rows("SELECT name, seq FROM sqlite_sequence WHERE name IN ('tickets', 'deliveries') ORDER BY name"),
  ).toEqual([
    { name: "deliveries", seq: 3 },
    { name: "tickets", seq: 3 },
  ]);
  expect((await state()).rows.stats_marks).toEqual(before.rows.stats_marks);
});

test.each([
  ["UPDATE tickets SET status = 'lost'", "tickets_status"],
  ["UPDATE tickets SET acknowledged_at = 'now'", "tickets_acknowledgement"],
  ["UPDATE tickets SET completed_at = NULL WHERE id = 1", "tickets_completion"],
  ["UPDATE deliveries SET channel = 'fax'", "deliveries_channel"],
  ["UPDATE deliveries SET next_attempt_at = NULL", "deliveries_next_attempt_at"],
  ["UPDATE users SET role = 'owner'", "users_role"],
])("%s: the error names the rule", async (sql, rule) => {
  await expect(rows(sql)).rejects.toThrow(`CHECK constraint failed: ${rule}: `);
});
