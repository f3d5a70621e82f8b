import type { BenchServer, Stage } from "./server.ts";
import { median } from "./statistics.ts";

/** Tickets in the small and in the large database. */
export const LIST_TICKETS = { empty: 1000, full: 100_000 } as const;

/** Open tickets in both: a shop has as much on its hands however long its history. */
const OPEN = 200;
/** Tickets in both that have the rare word. */
const RARE = 10;

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
  "q=rare",
  "q=rare+spindle",
  "q=spindle",
];

/** A history of `count` tickets, the last of them open. */
export const historySql = (count: number): string[] => [
  `WITH RECURSIVE m (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM m WHERE i < 20)
   INSERT INTO machines (machine_type_id, name, search_text, qr_token, created_at, updated_at)
   SELECT 1, 'Machine ' || i, ' machine ' || i, printf('benchmachine%010d', i), '2020', '2020' FROM m`,
  `WITH RECURSIVE u (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM u WHERE i < 7)
   INSERT INTO users (name, email, role, created_at, updated_at)
   SELECT 'Technician ' || i, 't' || i || '@shopfloor.example', 'technician', '2020', '2020' FROM u`,
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO tickets (ticket_id, title, status, priority, machine_id, machine_type_id, reported_by, reporter_name,
                        assigned_to, reported_at, completed_at, created_at, updated_at)
   SELECT printf('CNC-0120-%06d', i), 'Spindle vibrates', status,
          CASE i % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN 'high' ELSE 'critical' END,
          1 + i % 20, 1, 1, 'Bench', CASE WHEN i % 9 = 0 THEN NULL ELSE 2 + i % 6 END, at,
          iif(status = 'completed', at, NULL), at, at
   FROM (SELECT i, strftime('%Y-%m-%dT%H:%M:%fZ', '2025-01-01', printf('%d minutes', i)) AS at,
                CASE WHEN i <= ${count - OPEN} THEN 'completed' WHEN i % 2 THEN 'received' ELSE 'in_progress' END AS status
         FROM n)`,
  `INSERT INTO ticket_terms (term, ticket_id)
   SELECT 'spindle', id FROM tickets UNION ALL SELECT 'vibrates', id FROM tickets
   UNION ALL SELECT 'rare', id FROM tickets WHERE id % ${count / RARE} = 7`,
  `UPDATE tickets SET search_text = ' spindle vibrates' || iif(id % ${count / RARE} = 7, ' rare', '')`,
];

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
  const [small, large] = server.stages;
  if (!small || !large) throw new Error("two databases are needed");
  const cells: ListCell[] = [];
  for (const query of QUERIES) {
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
        `  ${query.padEnd(32)} ${smallMs.toFixed(1).padStart(7)} ${largeMs.toFixed(1).padStart(7)}   × ${ratio.toFixed(2)}`,
    ),
  ].join("\n");
