import type { ActorContext } from "../../context.ts";
import { throughLostConnections } from "../../db/lost-connections.ts";
import { followTickets } from "../../machines/state.ts";
import { searchText } from "../../search/words.ts";
import { type CounterGroup, listed, numberSql, raiseCounters, takeNumbers } from "../counters.ts";
import { addEntries } from "../entries.ts";
import { insertTickets } from "../insert.ts";
import { type ImportTicket, isOpen } from "./line.ts";
import { keepLines } from "./written.ts";

/** Bounds of what one statement is given: lines, and bytes of JSON. D1 takes no parameter beyond 2 MB. */
const CHUNK_LINES = 500;
const CHUNK_BYTES = 500_000;

/** A line with the words that it is found by: those of a whole file would fill the memory. */
export interface ChunkLine extends ImportTicket {
  search_text: string;
}

/** Cuts lines into chunks, each of which is one batch. */
export function* chunks(lines: ImportTicket[]): Generator<ChunkLine[]> {
  let chunk: ChunkLine[] = [];
  let bytes = 0;
  for (const ticket of lines) {
    const line = { ...ticket, search_text: searchText(ticket.title, ticket.description) };
    const size = Buffer.byteLength(JSON.stringify(line));
    if (chunk.length === CHUNK_LINES || (chunk.length > 0 && bytes + size > CHUNK_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(line);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

// Lines that bring no number along take the next ones, all of them at once.
const TAKE_NUMBERS = takeNumbers(
  `SELECT value ->> 'code', value ->> 'month', COUNT(*) FROM json_each(?)
   WHERE value ->> 'ticket_id' IS NULL GROUP BY 1, 2`,
);

// Each line with its number: once TAKE_NUMBERS has run, the last ones of each counter are theirs, in the file's order.
// A batch is alone, so every statement of it finds the same.
const NUMBERED = `
  SELECT g.line, g.row,
         COALESCE(g.ticket_id, ${numberSql("g.code", "g.month", "c.last_number - COUNT(*) OVER alike + ROW_NUMBER() OVER (alike ORDER BY g.line)")})
           AS ticket_id
  FROM (SELECT value ->> 'line' AS line, value ->> 'ticket_id' AS ticket_id, value ->> 'code' AS code,
               value ->> 'month' AS month, value AS row
        FROM json_each(?)) AS g
  LEFT JOIN ticket_counters c ON c.code = g.code AND c.month = g.month
  WINDOW alike AS (PARTITION BY g.ticket_id IS NULL, g.code, g.month)`;

// Nobody is told about what is history: what is overdue or waits for a first look counts as told already.
const INSERT_TICKETS = insertTickets(
  "n.row",
  {
    ticket_id: "n.ticket_id",
    machine_type_id: "n.row ->> 'machine_type_id'",
    reported_by: "m.user_id",
    reporter_name: "n.row ->> 'reporter_name'",
    updated_at: "m.at",
    overdue_notified_for: "iif(n.row ->> 'scheduled_date' <= m.at, n.row ->> 'scheduled_date', NULL)",
    escalated_at: "iif(n.row ->> 'priority' = 'critical', m.at, NULL)",
    search_text: "(n.row ->> 'search_text') || ' ' || lower(replace(n.ticket_id, '-', ' '))",
  },
  `FROM (${NUMBERED}) AS n, (SELECT ? AS at, CAST(? AS INTEGER) AS user_id) AS m ORDER BY n.line`,
);

const INSERT_TIMELINE = addEntries(
  {
    ticket_id: "t.id",
    user: "u",
    action: "'created'",
    new_value: "t.status",
    comment: "'imported'",
    created_at: "t.updated_at",
  },
  `FROM (${NUMBERED}) AS n JOIN tickets t ON t.ticket_id = n.ticket_id JOIN users u ON u.id = t.reported_by`,
);

/** The members that tell a line's number. */
const numberingOf = (lines: ChunkLine[]): string =>
  JSON.stringify(lines.map(({ line, ticket_id, code, month }) => ({ line, ticket_id, code, month })));

/**
 * Writes lines in one batch, all or nothing: counters, tickets, timeline, machines.
 *
 * Each line is kept with the number that it got, under a key of its own, so that neither a connection lost after the
 * commit nor a second run of the same import doubles it.
 *
 * @param name what the import is known by.
 * @param raised counters that are brought up first: those of the lines, and of lines still to come.
 * @returns each line's ticket number.
 * @throws AppError `database_unavailable`, or D1's error when it refused a line: `isLineWritten` tells whether that was
 *   since it had been written before.
 */
export async function writeChunk(
  ctx: ActorContext,
  name: string,
  lines: ChunkLine[],
  raised: CounterGroup[],
): Promise<Map<number, string>> {
  const { DB } = ctx.env;
  const at = ctx.now().toISOString();
  const numbering = numberingOf(lines);
  const stopped = lines.filter((line) => line.is_machine_down && isOpen(line.status)).map((line) => line.machine_id);
  const write = () =>
    DB.batch<{ line: number; ticket_id: string }>([
      raiseCounters(ctx, listed(raised)),
      DB.prepare(TAKE_NUMBERS).bind(numbering),
      // Before the tickets, so that of a line written before this is what is found first.
      keepLines(ctx, name, NUMBERED, [numbering]),
      DB.prepare(INSERT_TICKETS).bind(JSON.stringify(lines), at, ctx.actor.id),
      DB.prepare(INSERT_TIMELINE).bind(numbering),
      // Nobody is told: which of several tickets stopped a machine is not known either.
      ...(stopped.length > 0 ? followTickets(ctx, stopped, "NULL") : []),
      DB.prepare(`SELECT n.line, n.ticket_id FROM (${NUMBERED}) AS n`).bind(numbering),
    ]);
  const results = await throughLostConnections(ctx, true, write);
  return new Map(results.at(-1)?.results.map((row) => [row.line, row.ticket_id]));
}
