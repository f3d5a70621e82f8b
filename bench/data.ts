import { readFileSync } from "node:fs";
import { insertUserSql } from "../scripts/lib/users.ts";
import { monthCode } from "../src/time/month.ts";
import { type CaseName, FULL_TICKETS } from "./cases.ts";
import { CODE, execute, fillTickets } from "./fill.ts";

const password = "a password for the bench only";
export const ACCOUNT = { email: "bench@shopfloor.example", password };
export const TECHNICIAN = { email: "technician@shopfloor.example", password };

const statementsOf = (file: string): string[] =>
  readFileSync(file, "utf8")
    .replaceAll(/^--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);

/** What comes with the tickets of a month, and what the other cases would have left. */
const besidesSql = (month: string): string[] => [
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
  "INSERT INTO floor_counters SELECT code, month, last_number FROM ticket_counters",
  `INSERT INTO floor_tickets (ticket_id, title, description, priority, machine_id, reported_by, reporter_name,
                              assigned_to, created_at, updated_at)
   SELECT ticket_id, title, description, priority, machine_id, reported_by, reporter_name, assigned_to, created_at,
          updated_at FROM tickets`,
  `INSERT INTO floor_timeline (ticket_id, user_id, action, new_value, created_at)
   SELECT ticket_id, user_id, action, new_value, created_at FROM ticket_timeline`,
  `INSERT INTO bare_rows (title, description, priority, machine_id, created_at)
   SELECT title, description, priority, machine_id, created_at FROM tickets`,
];

/**
 * Fills this month with tickets as POST /api/tickets would have left them, one minute apart up to now.
 *
 * @returns the ticket number that each measurement starts after.
 */
export async function fillMonth(db: D1Database, timeZone: string): Promise<number> {
  const now = new Date();
  const month = monthCode(now, timeZone);
  await fillTickets(db, FULL_TICKETS, 1, (index) => ({
    ticket_id: `${CODE}-${month}-${String(index + 1).padStart(4, "0")}`,
    assigned_to: 2,
    created_at: new Date(now.getTime() - (FULL_TICKETS - index) * 60_000).toISOString(),
  }));
  await execute(db, besidesSql(month));
  return FULL_TICKETS;
}

/** Adds two accounts, one machine (id 1) and one endpoint for webhooks to a freshly migrated database. */
export async function prepare(db: D1Database): Promise<void> {
  const at = new Date().toISOString();
  await execute(db, [
    ...statementsOf("bench/tables.sql"),
    ...(await insertUserSql({ ...ACCOUNT, name: "Bench", role: "supervisor" }, at)),
    ...(await insertUserSql({ ...TECHNICIAN, name: "Tara", role: "technician" }, at)),
    `INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
     VALUES ('https://hooks.example.com/bench', '["ticket.created", "notification.fallback"]', 'whsec_YmVuY2g=', '${at}', '${at}')`,
    `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('${CODE}', 'Machining centre', '${at}', '${at}')`,
    `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
     VALUES (1, 'Haas VF-2', 'benchbenchbenchbench01', '${at}', '${at}')`,
  ]);
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
  if (name === "floor") {
    await execute(db, [
      `DELETE FROM floor_timeline WHERE id > ${base}`,
      `DELETE FROM floor_tickets WHERE id > ${base}`,
      base === 0 ? "DELETE FROM floor_counters" : `UPDATE floor_counters SET last_number = ${base}`,
    ]);
  }
  if (name === "real") {
    await execute(db, [
      `DELETE FROM ticket_timeline WHERE ticket_id > ${base}`,
      "DELETE FROM deliveries WHERE status = 'pending'",
      `DELETE FROM tickets WHERE id > ${base}`,
      base === 0 ? "DELETE FROM ticket_counters" : `UPDATE ticket_counters SET last_number = ${base}`,
    ]);
    await db.prepare(`DELETE FROM idempotency_keys WHERE ${KEYS}`).bind(JSON.stringify(keys)).run();
  }
}
