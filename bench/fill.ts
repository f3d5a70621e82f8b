import { searchText } from "../src/search/words.ts";
import { fileWords, TICKETS_PER_RUN } from "../src/tickets/filing.ts";
import { textsFrom, written } from "./texts.ts";

export const CODE = "CNC";
/** Rows that one statement adds, and statements of one batch: few trips, none of them too long. */
const ROWS = 250;
const STATEMENTS = 8;

export const execute = (db: D1Database, statements: string[]) => db.batch(statements.map((sql) => db.prepare(sql)));

/** A row of `tickets`: the columns that are set. */
export type TicketRow = Record<string, string | number | null>;

/** What people have written into `count` tickets, with what a search knows of it. The same seed gives the same. */
export function* writtenTickets(count: number, seed: number) {
  const texts = textsFrom(seed);
  for (let index = 0; index < count; index++) {
    const title = written(texts.title());
    const description = written(texts.description());
    yield { index, title, description };
  }
}

async function insertTickets(db: D1Database, rows: TicketRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const insert = `INSERT INTO tickets (${columns}) SELECT ${columns.map((name) => `value ->> '${name}'`)} FROM json_each(?)`;
  const chunks: D1PreparedStatement[] = [];
  for (let start = 0; start < rows.length; start += ROWS) {
    chunks.push(db.prepare(insert).bind(JSON.stringify(rows.slice(start, start + ROWS))));
  }
  await db.batch(chunks);
}

/**
 * Adds tickets to an empty table, as creations leave them, with the first entry of their timelines, and as the cron does,
 * with their words filed.
 *
 * @param row the columns of each, as far as they are its own.
 */
export async function fillTickets(
  db: D1Database,
  count: number,
  seed: number,
  row: (index: number) => TicketRow & { ticket_id: string; created_at: string; title?: string },
): Promise<void> {
  let rows: TicketRow[] = [];
  const everybody = { machine_id: 1, machine_type_id: 1, reported_by: 1, reporter_name: "Bench", priority: "high" };
  for (const { index, title, description } of writtenTickets(count, seed)) {
    const own = { title, description, ...row(index) };
    const digits = own.ticket_id.slice(own.ticket_id.lastIndexOf("-") + 1);
    const times = { reported_at: own.created_at, updated_at: own.created_at };
    const search_text = `${searchText(own.title, own.description)} ${digits}`;
    rows.push({ ...everybody, ...times, search_text, ...own });
    if (rows.length === ROWS * STATEMENTS || index === count - 1) {
      await insertTickets(db, rows);
      rows = [];
    }
  }
  await execute(db, [
    `INSERT INTO ticket_timeline (ticket_id, id, user_id, user_name, action, new_value, created_at)
     SELECT id, (id << 20) + 1, reported_by, reporter_name, 'created', 'received', created_at FROM tickets`,
  ]);
  for (let filed = 0; filed < count; filed += TICKETS_PER_RUN) await fileWords({ env: { DB: db } });
}
