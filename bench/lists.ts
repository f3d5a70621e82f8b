import { SIZES } from "../src/tickets/filing.ts";
import { CODE, execute, fillTickets } from "./fill.ts";
import type { BenchServer, Stage } from "./server.ts";
import { median } from "./statistics.ts";

/** Tickets in the small and in the large database. */
export const LIST_TICKETS = { empty: 1000, full: 100_000 } as const;

/** Open tickets in both: a shop has as much on its hands however long its history. */
const OPEN = 200;
/** Tickets in both that have the rare word. */
const RARE = 10;
const RARE_WORD = "Zwischenwelle";
/** Tickets in both that have several common words at once: enough for a page, which costs by what is on it. */
const SEVERAL = 60;
const SEVERAL_WORDS = "Spindle bearing, pump filter belt broken";

/** What is asked, in both databases alike. */
const QUERIES = [
  "",
  "sort=created_at",
  "sort=-updated_at",
  "sort=priority",
  "status=received,in_progress",
  "status=completed",
  "priority=critical",
  "machine_id=3",
  "machine_type=CNC",
  "assigned_to=3",
  "assigned_to=none",
  "reported_by=1",
  "q=zwischenwelle",
  "q=zwischen+spindle",
  "q=the",
  "q=spindle+bearing",
  "q=pump+filter+broken",
  "q=spindle+pump+filter+belt",
  "q=électrobroche",
  "q=CNC-0120-000",
];

const AROUND_SQL = [
  `WITH RECURSIVE m (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM m WHERE i < 20)
   INSERT INTO machines (machine_type_id, name, search_text, qr_token, created_at, updated_at)
   SELECT 1, 'Machine ' || i, ' machine ' || i, printf('benchmachine%010d', i), '2020', '2020' FROM m`,
  `WITH RECURSIVE u (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM u WHERE i < 7)
   INSERT INTO users (name, email, role, created_at, updated_at)
   SELECT 'Technician ' || i, 't' || i || '@shopfloor.example', 'technician', '2020', '2020' FROM u`,
];
const PRIORITIES = ["low", "medium", "high", "critical"];

/** Fills a database with a history of `count` tickets, the last of them open. */
export async function fillHistory(db: D1Database, count: number): Promise<void> {
  await execute(db, AROUND_SQL);
  await fillTickets(db, count, 3, (index) => {
    const at = new Date(Date.UTC(2025, 0) + index * 60_000).toISOString();
    const isOpen = index >= count - OPEN;
    return {
      ticket_id: `${CODE}-0120-${String(index + 1).padStart(6, "0")}`,
      ...(index % Math.floor(count / SEVERAL) === 3 && { title: SEVERAL_WORDS }),
      ...(index % (count / RARE) === 7 && { title: `${RARE_WORD} klappert` }),
      status: isOpen ? (index % 2 ? "received" : "in_progress") : "completed",
      priority: PRIORITIES[index % 4] ?? "low",
      machine_id: 1 + (index % 20),
      assigned_to: index % 9 === 0 ? null : 2 + (index % 6),
      completed_at: isOpen ? null : at,
      created_at: at,
    };
  });
}

/** As many tickets as may wait to be filed; a search reads them one by one. They are the newest ones once more. */
const UNFILED = SIZES.block - 1;
const UNFILED_SQL = `
  INSERT INTO tickets (ticket_id, title, description, priority, machine_id, machine_type_id, reported_by, reporter_name,
                       reported_at, created_at, updated_at, search_text)
  SELECT replace(ticket_id, '-0120-', '-0220-'), title, description, priority, machine_id, machine_type_id, reported_by,
         reporter_name, reported_at, created_at, updated_at, search_text
  FROM tickets ORDER BY id DESC LIMIT ${UNFILED}`;

/** The median time of one list in both databases. */
export interface ListCell {
  query: string;
  /** Milliseconds. */
  smallMs: number;
  largeMs: number;
  ratio: number;
}

async function timed(server: BenchServer, stage: Stage, query: string): Promise<number> {
  const headers = { authorization: `Bearer ${stage.token}`, "bench-dataset": stage.dataset };
  const started = performance.now();
  const response = await fetch(new URL(`/api/tickets?${query}`, server.url), { headers });
  await response.text();
  if (!response.ok) throw new Error(`GET /api/tickets?${query} answered ${response.status}`);
  return performance.now() - started;
}

/** Asks for the first page of every list, in turns in the small and the large database. */
export async function measureLists(server: BenchServer, rounds: number): Promise<ListCell[]> {
  const cells = await measureQueries(server, QUERIES, rounds);
  await Promise.all(server.stages.map(({ db }) => execute(db, [UNFILED_SQL])));
  const searches = QUERIES.filter((query) => query.startsWith("q="));
  const unfiled = await measureQueries(server, searches, rounds);
  return [...cells, ...unfiled.map((cell) => ({ ...cell, query: `${cell.query}, ${UNFILED} unfiled` }))];
}

async function measureQueries(server: BenchServer, queries: string[], rounds: number): Promise<ListCell[]> {
  const [small, large] = server.stages;
  if (!small || !large) throw new Error("two databases are needed");
  const cells: ListCell[] = [];
  for (const query of queries) {
    const times = { small: [] as number[], large: [] as number[] };
    for (let round = 0; round < rounds + 3; round++) {
      const [a, b] = [await timed(server, small, query), await timed(server, large, query)];
      // The first rounds warm both up.
      if (round < 3) continue;
      times.small.push(a);
      times.large.push(b);
    }
    const [smallMs, largeMs] = [median(times.small) ?? Number.NaN, median(times.large) ?? Number.NaN];
    cells.push({ query: query || "(all, newest first)", smallMs, largeMs, ratio: largeMs / smallMs });
  }
  return cells;
}

/** The measurements as lines of plain text. */
export const describeLists = (cells: ListCell[]): string =>
  [
    `GET /api/tickets, p50 in ms with ${LIST_TICKETS.empty} and with ${LIST_TICKETS.full} tickets`,
    ...cells.map(
      ({ query, smallMs, largeMs, ratio }) =>
        `  ${query.padEnd(42)} ${smallMs.toFixed(1).padStart(7)} ${largeMs.toFixed(1).padStart(7)}   × ${ratio.toFixed(2)}`,
    ),
  ].join("\n");
