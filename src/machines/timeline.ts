import type { Context } from "../context.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import type { MachineEntry } from "./schemas.ts";

/**
 * A page of what became of a machine's state, newest first.
 *
 * @throws AppError `machine_not_found`, `invalid_cursor`.
 */
export async function listMachineTimeline(
  ctx: Context,
  id: number,
  query: { limit: number; cursor?: string | undefined },
) {
  const before = decodeId("machine_timeline", query.cursor);
  const { DB } = ctx.env;
  const [known, entries] = await DB.batch<MachineEntry>([
    DB.prepare("SELECT id FROM machines WHERE id = ?").bind(id),
    DB.prepare(
      `SELECT e.id, e.machine_id, e.user_id, e.user_name, 'status_changed' AS action, e.old_value, e.new_value, e.cause,
              (SELECT t.ticket_id FROM tickets t WHERE t.id = e.ticket_id) AS ticket_id, e.comment, e.created_at
       FROM machine_timeline e WHERE e.machine_id = ?1 AND (?2 IS NULL OR e.id < ?2) ORDER BY e.id DESC LIMIT ?3`,
    ).bind(id, before, query.limit + 1),
  ]);
  if (!known?.results.length) throw new AppError("machine_not_found");
  const { page, next_cursor } = paginateById("machine_timeline", entries?.results ?? [], query.limit);
  return { timeline: page, next_cursor };
}
