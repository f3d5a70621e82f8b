/** SQL: the machine of the row `machines` has a ticket. Deleted ones count, since their rows and numbers remain. */
export const HAS_TICKETS = "EXISTS (SELECT 1 FROM tickets t WHERE t.machine_id = machines.id)";

/** SQL: the machine of the row `machines` has a past that its row has to stand for: tickets, or states it was in. */
export const HAS_HISTORY = `(
  ${HAS_TICKETS} OR EXISTS (SELECT 1 FROM machine_timeline e WHERE e.machine_id = machines.id))`;

const SAY_DOWN = "tickets t WHERE t.machine_id = machines.id AND t.is_machine_down = 1 AND t.is_open = 1";

/** SQL: an open ticket says that the machine of the row `machines` is down. */
export const IS_DOWN = `EXISTS (SELECT 1 FROM ${SAY_DOWN})`;

/** SQL: the numbers of the oldest open tickets that say so, 20 at most, as JSON. */
export const DOWN_TICKETS = `(
  SELECT json_group_array(ticket_id) FROM (SELECT t.ticket_id FROM ${SAY_DOWN} ORDER BY t.id LIMIT 20))`;
