import type { Context } from "../context.ts";
import { jsonObjectText } from "../db/json.ts";
import { machineColumns } from "../machines/machines.ts";
import { AppError } from "../problem.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import { LABEL_TICKETS, LABEL_TITLES } from "./schemas.ts";

/** Tickets of a machine, or of its type, that are looked at: the newest. */
const LOOKED_AT = 200;
const YEAR_MS = 365 * 24 * 60 * 60_000;

/** The commonest of some titles, in whatever case, as they were written last. @param seen SQL of `title, created_at`. */
const commonest = (seen: string): string => `
  SELECT title, COUNT(*) AS times, MAX(created_at) AS last FROM (${seen})
  WHERE created_at >= ?2 GROUP BY title COLLATE NOCASE ORDER BY times DESC, last DESC LIMIT ${LABEL_TITLES}`;

// What stands still is found by its own index, however many tickets came after it.
const SELECT = `
  WITH labelled AS MATERIALIZED (
    SELECT id, machine_type_id FROM machines WHERE qr_token = ?1 AND retired_at IS NULL),
  seen AS MATERIALIZED (
    SELECT t.id, t.title, t.is_open, t.created_at FROM labelled l CROSS JOIN tickets t INDEXED BY tickets_machine
      ON t.machine_id = l.id
    WHERE t.deleted_at IS NULL ORDER BY t.created_at DESC, t.id DESC LIMIT ${LOOKED_AT}),
  open AS (
    SELECT id FROM seen WHERE is_open = 1
    UNION
    SELECT id FROM (SELECT t.id FROM labelled l CROSS JOIN tickets t INDEXED BY tickets_down
                      ON t.machine_id = l.id AND t.is_machine_down = 1 AND t.is_open = 1
                    WHERE t.deleted_at IS NULL LIMIT ${LABEL_TICKETS})),
  own AS MATERIALIZED (${commonest("SELECT title, created_at FROM seen")}),
  alike AS MATERIALIZED (${commonest(`
    SELECT t.title, t.created_at FROM labelled l CROSS JOIN tickets t INDEXED BY tickets_machine_type
      ON t.machine_type_id = l.machine_type_id
    WHERE t.deleted_at IS NULL AND (SELECT COUNT(*) FROM own) < ${LABEL_TITLES}
    ORDER BY t.created_at DESC, t.id DESC LIMIT ${LOOKED_AT}`)})
  SELECT json_object(
    'machine', (SELECT json(${jsonObjectText(machineColumns)}) FROM machines
                JOIN machine_types ON machine_types.id = machines.machine_type_id WHERE machines.id = labelled.id),
    'open_tickets', json((SELECT json_group_array(json(ticket)) FROM (
      SELECT d.ticket FROM (${TICKET_DOCUMENTS}) AS d WHERE d.id IN (SELECT id FROM open)
      ORDER BY d.ticket ->> 'is_machine_down' DESC, d.id DESC LIMIT ${LABEL_TICKETS}))),
    'frequent_titles', json((SELECT json_group_array(title) FROM (
      SELECT title FROM (SELECT title, 0 AS place, times, last FROM own
                         UNION ALL
                         SELECT title, 1, times, last FROM alike
                         WHERE NOT EXISTS (SELECT 1 FROM own WHERE own.title = alike.title COLLATE NOCASE))
      ORDER BY place, times DESC, last DESC LIMIT ${LABEL_TITLES})))
  ) AS body
  FROM labelled`;

/**
 * What a phone shows when a label is scanned: the machine, its open tickets, and what is mostly wrong with it.
 *
 * @returns the body of the answer, as JSON text.
 * @throws AppError `machine_not_found`, also when the machine is retired.
 */
export async function machineByLabel(ctx: Context, token: string): Promise<string> {
  const since = new Date(ctx.now().getTime() - YEAR_MS).toISOString();
  const row = await ctx.env.DB.prepare(SELECT).bind(token, since).first<{ body: string }>();
  if (!row) throw new AppError("machine_not_found");
  return row.body;
}
