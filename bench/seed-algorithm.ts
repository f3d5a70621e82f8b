import { monthCode } from "../src/time/month.ts";
import type { TicketBody } from "./cases.ts";

const TRIES = 3;
const DELAY_STEP_MS = 50;

async function generateTicketId(db: D1Database, code: string, timeZone: string): Promise<string> {
  const prefix = `${code}-${monthCode(new Date(), timeZone)}-`;
  const row = await db
    .prepare("SELECT COUNT(*) AS count FROM seed_tickets WHERE ticket_id LIKE ?")
    .bind(`${prefix}%`)
    .first<{ count: number }>();
  return prefix + String((row?.count ?? 0) + 1).padStart(4, "0");
}

async function insertTicket(db: D1Database, ticket_id: string, body: TicketBody, user_id: number) {
  const now = new Date().toISOString();
  await db
    .prepare(
      `INSERT INTO seed_tickets (ticket_id, title, description, priority, machine_id, reported_by, reporter_name,
                                 created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(ticket_id, body.title, body.description, body.priority, body.machine_id, user_id, "Bench", now, now)
    .run();
  const ticket = await db
    .prepare("SELECT * FROM seed_tickets WHERE ticket_id = ?")
    .bind(ticket_id)
    .first<Record<string, unknown>>();
  await db
    .prepare("INSERT INTO seed_timeline (ticket_id, user_id, action, new_value, created_at) VALUES (?, ?, ?, ?, ?)")
    .bind(ticket?.id, user_id, "created", "received", now)
    .run();
  return ticket;
}

/**
 * The usual design, as it was proposed for this product: count the month's tickets, insert with UNIQUE, read back,
 * add the timeline entry, each statement on its own; on an error that says UNIQUE wait 50, then 100 ms and try again.
 *
 * @returns the ticket; null when the machine is unknown.
 * @throws whatever the third try throws.
 */
export async function createBySeed(
  db: D1Database,
  timeZone: string,
  body: TicketBody,
): Promise<Record<string, unknown> | null> {
  const machine = await db
    .prepare("SELECT mt.code FROM machines m JOIN machine_types mt ON mt.id = m.machine_type_id WHERE m.id = ?")
    .bind(body.machine_id)
    .first<{ code: string }>();
  if (!machine) return null;
  for (let attempt = 0; ; attempt++) {
    try {
      return await insertTicket(db, await generateTicketId(db, machine.code, timeZone), body, 1);
    } catch (error) {
      if (!(error as Error).message?.includes("UNIQUE") || attempt >= TRIES - 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, DELAY_STEP_MS * (attempt + 1)));
    }
  }
}
