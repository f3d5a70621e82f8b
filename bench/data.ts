import { readFileSync } from "node:fs";
import { insertUserSql } from "../scripts/lib/users.ts";
import { monthCode } from "../src/time/month.ts";
import { type CaseName, type Dataset, FULL_TICKETS } from "./cases.ts";

export const ACCOUNT = { email: "bench@shopfloor.example", password: "a password for the bench only" };
const CODE = "CNC";

const statementsOf = (file: string): string[] =>
  readFileSync(file, "utf8")
    .replaceAll(/^--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);

export const execute = (db: D1Database, statements: string[]) => db.batch(statements.map((sql) => db.prepare(sql)));

/** Rows as the three cases would have left them, one minute apart up to now. */
const fillSql = (month: string): string[] => [
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${FULL_TICKETS})
   INSERT INTO tickets (ticket_id, title, description, priority, machine_id, machine_type_id, reported_by, reporter_name,
                        assigned_to, reported_at, created_at, updated_at, search_text)
   SELECT printf('${CODE}-${month}-%04d', i), 'Spindle vibrates above 8,000 rpm', printf('%.200c', 'x'), 'high', 1, 1, 1,
          'Bench', 2, at, at, at, printf(' spindle vibrates above 8 000 rpm %04d', i)
   FROM (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%d minutes', ${FULL_TICKETS} - i)) AS at FROM n)`,
  `INSERT INTO ticket_timeline (ticket_id, user_id, user_name, action, new_value, created_at)
   SELECT id, reported_by, reporter_name, 'created', status, created_at FROM tickets`,
  `INSERT INTO ticket_terms (term, ticket_id)
   SELECT word.value, tickets.id FROM tickets, json_each('["spindle", "vibrates", "above", "8", "000", "rpm"]') word
   UNION ALL SELECT substr(ticket_id, 10), id FROM tickets`,
  `INSERT INTO deliveries (channel, target, subject, event_type, payload, status, completed_at, created_at, updated_at)
   SELECT channel, target, 'ticket:' || id, event_type, '{}', 'completed', created_at, created_at, created_at
   FROM tickets, (SELECT 'push' AS channel, 'user:2' AS target, 'ticket.assigned' AS event_type
                  UNION ALL SELECT 'webhook', 'webhook:1', 'ticket.created')`,
  `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, headers, body, created_at)
   SELECT 1, 'POST /api/tickets', lower(hex(randomblob(18))), hex(randomblob(22)), 201, '{}',
          json_object('ticket', json_object('id', id, 'ticket_id', ticket_id, 'title', title, 'description', description,
                                            'reported_at', reported_at, 'created_at', created_at)), created_at
   FROM tickets`,
  `INSERT INTO ticket_counters (code, month, last_number) VALUES ('${CODE}', '${month}', ${FULL_TICKETS})`,
  `INSERT INTO seed_tickets (ticket_id, title, description, priority, machine_id, reported_by, reporter_name,
                             created_at, updated_at)
   SELECT ticket_id, title, description, priority, machine_id, reported_by, reporter_name, created_at, updated_at
   FROM tickets`,
  `INSERT INTO seed_timeline (ticket_id, user_id, action, new_value, created_at)
   SELECT ticket_id, user_id, action, new_value, created_at FROM ticket_timeline`,
  `INSERT INTO bare_rows (title, description, priority, machine_id, created_at)
   SELECT title, description, priority, machine_id, created_at FROM tickets`,
];

/**
 * Adds one account, one machine (id 1) and, for the full month, its tickets to a freshly migrated database.
 *
 * @returns the ticket number that each measurement starts after.
 */
export async function prepare(db: D1Database, dataset: Dataset, timeZone: string): Promise<number> {
  const now = new Date();
  const at = now.toISOString();
  await execute(db, [
    ...statementsOf("bench/tables.sql"),
    ...(await insertUserSql({ ...ACCOUNT, name: "Bench", role: "supervisor" }, at)),
    ...(await insertUserSql(
      { ...ACCOUNT, email: "technician@shopfloor.example", name: "Tara", role: "technician" },
      at,
    )),
    `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
     VALUES ('https://hooks.example.com/bench', '["ticket.created", "notification.fallback"]', 'whsec_YmVuY2g=', '${at}', '${at}')`,
    `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('${CODE}', 'Machining centre', '${at}', '${at}')`,
    `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
     VALUES (1, 'Haas VF-2', 'benchbenchbenchbench01', '${at}', '${at}')`,
  ]);
  if (dataset === "empty") return 0;
  await execute(db, fillSql(monthCode(now, timeZone)));
  return FULL_TICKETS;
}

/** What POST /api/tickets answered with 201: the number that ends each `ticket_id`, and each Idempotency-Key. */
export interface Created {
  numbers: number[];
  keys: string[];
}

const KEYS = "user_id = 1 AND route = 'POST /api/tickets' AND key IN (SELECT value FROM json_each(?))";

/**
 * Compares what POST /api/tickets answered with what it wrote: distinct numbers without a gap after `base`, and
 * a ticket, a timeline entry, a stored answer, a push and a webhook for each.
 *
 * @returns what is wrong, in words; null when nothing is.
 */
export async function verify(db: D1Database, base: number, { numbers, keys }: Created): Promise<string | null> {
  const sorted = numbers.toSorted((a, b) => a - b);
  const wrong = sorted.findIndex((number, index) => number !== base + index + 1);
  if (wrong >= 0) return `number ${sorted[wrong]} where ${base + wrong + 1} was due`;
  const row = await db
    .prepare(
      `SELECT (SELECT COUNT(*) FROM tickets WHERE id > ${base}) AS tickets,
              (SELECT COUNT(*) FROM ticket_timeline WHERE ticket_id > ${base}) AS timeline,
              (SELECT COUNT(*) FROM idempotency_keys WHERE ${KEYS}) AS answers,
              (SELECT COUNT(*) FROM deliveries WHERE status = 'pending' AND channel = 'push') AS pushes,
              (SELECT COUNT(*) FROM deliveries WHERE status = 'pending' AND channel = 'webhook') AS webhooks,
              (SELECT last_number FROM ticket_counters) - ${base} AS counted`,
    )
    .bind(JSON.stringify(keys))
    .first<Record<string, number>>();
  const odd = Object.entries(row ?? {}).filter(([, count]) => count !== numbers.length);
  return odd.length > 0
    ? `${odd.map(([name, count]) => `${name} ${count}`).join(", ")} for ${numbers.length} answers`
    : null;
}

/** Takes a database back to what `prepare` made, so that each measurement starts from the same rows. */
export async function restore(db: D1Database, base: number, name: CaseName, { keys }: Created): Promise<void> {
  if (name === "bare") await execute(db, [`DELETE FROM bare_rows WHERE id > ${base}`]);
  if (name === "seed") {
    await execute(db, [
      `DELETE FROM seed_timeline WHERE ticket_id > ${base}`,
      `DELETE FROM seed_tickets WHERE id > ${base}`,
    ]);
  }
  if (name === "real") {
    await execute(db, [
      `DELETE FROM ticket_timeline WHERE ticket_id > ${base}`,
      `DELETE FROM ticket_terms WHERE ticket_id > ${base}`,
      "DELETE FROM deliveries WHERE status = 'pending'",
      `DELETE FROM tickets WHERE id > ${base}`,
      base === 0 ? "DELETE FROM ticket_counters" : `UPDATE ticket_counters SET last_number = ${base}`,
    ]);
    await db.prepare(`DELETE FROM idempotency_keys WHERE ${KEYS}`).bind(JSON.stringify(keys)).run();
  }
}
