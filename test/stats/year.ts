import { execute } from "../helpers.ts";

/**
 * A year of tickets, spread evenly over the 365 days before an instant: every fifth says that its machine is down, all
 * but the last 200 are acknowledged within two hours and completed within two days; machines have ids from 1.
 */
export const year = (count: number, machines: number, until: string): Promise<void> =>
  execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO tickets (ticket_id, title, status, machine_id, machine_type_id, reported_by, reporter_name,
                          is_machine_down, reported_at, acknowledged_at, acknowledged_by, completed_at, created_at, updated_at)
     SELECT printf('CNC-0120-%06d', i), 'Spindle vibrates', iif(is_done, 'completed', 'received'), 1 + i % ${machines}, 1, 1,
            'Tara', i % 5 = 0, at, iif(is_done, acknowledged, NULL), iif(is_done, 1, NULL), iif(is_done, completed, NULL),
            at, at
     FROM (SELECT i, i <= ${count - 200} AS is_done,
                  strftime('%Y-%m-%dT%H:%M:%fZ', began) AS at,
                  strftime('%Y-%m-%dT%H:%M:%fZ', began, (i * 7919 % 7200) || ' seconds') AS acknowledged,
                  strftime('%Y-%m-%dT%H:%M:%fZ', began, (7200 + i * 104729 % 165600) || ' seconds') AS completed
           FROM (SELECT i, julianday('${until}') - (${count} - i + 1) * 365.0 / ${count} AS began FROM n))`,
  );
