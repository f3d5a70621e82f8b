/**
 * What one machine adds to the figures of a span of time: its id; tickets created and completed; the times from creation
 * to acknowledgement of those created, and to completion of those completed; how many of the latter said that the
 * machine was down, and the sum of their times; how many of those created said so; and how long the machine stood.
 * All times in milliseconds.
 */
export type MachineFigures = [
  machineId: number,
  created: number,
  completed: number,
  acknowledgeMs: number[],
  completeMs: number[],
  repairs: number,
  repairMs: number,
  failures: number,
  downMs: number,
];

/** SQL for the milliseconds between two instants. `julianday` counts whole milliseconds, and rounding finds them again. */
export const milliseconds = (later: string, earlier: string): string =>
  `CAST(ROUND((julianday(${later}) - julianday(${earlier})) * 86400000) AS INTEGER)`;

const OF_MACHINE = "(?2 IS NULL OR t.machine_id = ?2)";

// Names, in this order: piece, machine_id, created, completed, acknowledge_ms, complete_ms, repairs, repair_ms, failures,
// down_ms.
const COUNTS = `
  SELECT p.piece, t.machine_id, 1 AS created, 0 AS completed,
         ${milliseconds("t.acknowledged_at", "t.created_at")} AS acknowledge_ms, NULL AS complete_ms,
         0 AS repairs, 0 AS repair_ms, t.is_machine_down AS failures, 0 AS down_ms
  FROM piece p CROSS JOIN tickets t INDEXED BY tickets_created_at
    ON t.deleted_at IS NULL AND t.created_at >= p.s AND t.created_at < p.e AND ${OF_MACHINE}
  UNION ALL
  SELECT piece, machine_id, 0, 1, NULL, ms, is_machine_down, iif(is_machine_down, ms, 0), 0, 0
  FROM (SELECT p.piece, t.machine_id, t.is_machine_down, ${milliseconds("t.completed_at", "t.created_at")} AS ms
        FROM piece p CROSS JOIN tickets t INDEXED BY tickets_completed
          ON t.completed_at IS NOT NULL AND t.deleted_at IS NULL AND t.completed_at >= p.s AND t.completed_at < p.e
         AND ${OF_MACHINE})`;

/** The columns of a stop that are needed of its ticket. */
const STOP = "run.run, t.id, t.machine_id, t.created_at, t.completed_at, t.is_open";

// A ticket that is closed without a completion was cancelled: the last time that the timeline tells of. One that was
// imported as cancelled has no known end: its stop took no time.
const CLOSED_AT = `
  CASE WHEN c.is_open THEN NULL ELSE COALESCE(c.completed_at,
    (SELECT COALESCE(e.occurred_at, e.created_at) FROM ticket_timeline e
     WHERE e.ticket_id = c.id AND e.action = 'status_changed' AND e.new_value = 'cancelled'
     ORDER BY e.id DESC LIMIT 1), c.created_at) END`;

/** Pieces that follow each other without a gap, as one. */
const RUNS = `
  SELECT run, MIN(s) AS s, MAX(e) AS e FROM (
    SELECT s, e, SUM(is_first) OVER (ORDER BY s) AS run FROM (
      SELECT s, e, LAG(e) OVER (ORDER BY s) IS NOT s AS is_first FROM piece)) GROUP BY run`;

// Stops of each run: those that began in it or in the third of a month where it begins; longer ones that ended after its
// beginning; cancelled ones; and those that still last. Which of them stood in it is decided afterwards.
const CANDIDATES = `
  SELECT ${STOP} FROM run CROSS JOIN tickets t INDEXED BY tickets_created_at
    ON t.deleted_at IS NULL AND t.created_at >= substr(run.s, 1, 9) AND t.created_at < run.e
   AND t.is_machine_down = 1 AND ${OF_MACHINE}
  UNION ALL
  SELECT ${STOP} FROM run CROSS JOIN tickets t INDEXED BY tickets_long_stops
    ON t.is_machine_down = 1 AND t.is_open = 0 AND t.deleted_at IS NULL
   AND (t.completed_at IS NULL OR substr(t.completed_at, 1, 9) <> substr(t.created_at, 1, 9))
   AND t.completed_at > run.s AND t.created_at < substr(run.s, 1, 9) AND ${OF_MACHINE}
  UNION ALL
  SELECT ${STOP} FROM run CROSS JOIN tickets t INDEXED BY tickets_long_stops
    ON t.is_machine_down = 1 AND t.is_open = 0 AND t.deleted_at IS NULL
   AND (t.completed_at IS NULL OR substr(t.completed_at, 1, 9) <> substr(t.created_at, 1, 9))
   AND t.completed_at IS NULL AND t.created_at < substr(run.s, 1, 9) AND ${OF_MACHINE}
  UNION ALL
  SELECT ${STOP} FROM run CROSS JOIN tickets t INDEXED BY tickets_down
    ON t.is_machine_down = 1 AND t.is_open = 1 AND t.created_at < substr(run.s, 1, 9) AND ${OF_MACHINE}`;

// Overlapping stops of a machine count once: each span counts from where the latest end so far leaves off. None lasts
// beyond now, or beyond the use of its machine.
const DOWNTIME = `
  SELECT piece, machine_id,
         SUM(CASE WHEN covered IS NULL OR start >= covered THEN ${milliseconds("stop", "start")}
                  WHEN stop > covered THEN ${milliseconds("stop", "covered")} ELSE 0 END) AS down_ms
  FROM (
    SELECT *, MAX(stop) OVER (PARTITION BY piece, machine_id ORDER BY start, stop
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
    FROM (
      SELECT x.piece, c.machine_id, MAX(c.created_at, x.s) AS start,
             MIN(COALESCE(c.closed_at, ?1), COALESCE(m.retired_at, ?1), ?1, x.e) AS stop
      FROM (SELECT c.*, ${CLOSED_AT} AS closed_at FROM candidate c) AS c
      JOIN stretch x ON x.run = c.run
      JOIN machines m ON m.id = c.machine_id)
    WHERE stop > start)
  GROUP BY piece, machine_id`;

// What is counted of a piece, packed as JSON of MachineFigures[]. Pieces of which there is nothing to tell are left out.
const packed = (events: string): string => `
  SELECT piece, json_group_array(json_array(machine_id, created, completed, json(acknowledge), json(complete), repairs,
                                            repair_ms, failures, down_ms)) AS machines
  FROM (
    SELECT piece, machine_id, SUM(created) AS created, SUM(completed) AS completed,
           json_group_array(acknowledge_ms) FILTER (WHERE acknowledge_ms IS NOT NULL) AS acknowledge,
           json_group_array(complete_ms) FILTER (WHERE complete_ms IS NOT NULL) AS complete,
           SUM(repairs) AS repairs, SUM(repair_ms) AS repair_ms, SUM(failures) AS failures, SUM(down_ms) AS down_ms
    FROM (${events}) GROUP BY piece, machine_id)
  GROUP BY piece`;

// Downtime is counted over the whole of each piece, or of each run of pieces.
const PIECES_OF_RUNS = "SELECT p.piece, run.run, p.s, p.e FROM run JOIN piece p ON p.s >= run.s AND p.e <= run.e";
const WHOLE_RUNS = "SELECT NULL AS piece, run, s, e FROM run";

const stops = (stretch: string): string => `
  run AS MATERIALIZED (${RUNS}), candidate AS MATERIALIZED (${CANDIDATES}), stretch AS MATERIALIZED (${stretch})`;

/*
 * SQL that counts what lies in the pieces of a CTE `piece (piece, s, e)`: disjoint spans of instants, the end not
 * included. Parameters: ?1 now, ?2 the id of a machine, or NULL for all of them.
 */

/** `piece`, `machines`: all but the downtime. */
export const countsOf = (piece: string): string => `WITH piece AS MATERIALIZED (${piece}) ${packed(COUNTS)}`;

/** `machine_id`, `down_ms`, of each run of pieces without a gap. */
export const downtimeOf = (piece: string): string => `
  WITH piece AS MATERIALIZED (${piece}), ${stops(WHOLE_RUNS)}
  SELECT machine_id, down_ms FROM (${DOWNTIME})`;

/** The head of a statement that goes on with the CTE `figures (piece, machines)`: everything, for few pieces. */
export const figuresOf = (piece: string): string => `
  WITH piece AS MATERIALIZED (${piece}), ${stops(PIECES_OF_RUNS)}, figures AS MATERIALIZED (${packed(`
    ${COUNTS}
    UNION ALL SELECT piece, machine_id, 0, 0, NULL, NULL, 0, 0, 0, down_ms FROM (${DOWNTIME})`)})`;
