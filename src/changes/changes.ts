import { z } from "zod";
import type { Context } from "../context.ts";
import { jsonObjectText } from "../db/json.ts";
import { decodeCursor, encodeCursor } from "../http/cursor.ts";
import { machineColumns } from "../machines/machines.ts";
import { AppError } from "../problem.ts";
import { TICKET_DOCUMENTS } from "../tickets/projection.ts";
import { newestEntries, withNewest } from "../tickets/timeline.ts";
import { isAssignable } from "../users/assignable.ts";
import { assignableColumns } from "../users/read.ts";
import { type Change, type ChangesOutput, type ChangesQuery, CHANGE_KINDS as KINDS } from "./schemas.ts";

// Numbers are given without gaps, so a page is a range of them: ?1 is the last that has been seen, ?2 the length.
const CHANGED = `
  SELECT kind, id, MIN(seq) AS first, MAX(seq) AS seq
  FROM (SELECT seq, k.column1 AS kind,
               CASE k.column1 WHEN 'ticket' THEN ticket_id WHEN 'machine' THEN machine_id ELSE user_id END AS id
        FROM document_changes CROSS JOIN (VALUES ('ticket'), ('machine'), ('person')) AS k
        WHERE seq > ?1 AND seq <= ?1 + ?2)
  WHERE id IS NOT NULL GROUP BY kind, id`;

/** SQL for what there is to see of the row `c`, by its kind. */
const byKind = (ticket: string, machine: string, person: string): string =>
  `CASE c.kind WHEN 'ticket' THEN (${ticket}) WHEN 'machine' THEN (${machine}) ELSE (${person}) END`;

const TICKET_ID = "(SELECT t.id FROM tickets t WHERE t.id = c.id AND t.deleted_at IS NULL)";

const PAGE = `
  SELECT c.kind, c.id, c.first, c.seq,
    ${byKind(
      `SELECT d.ticket FROM (${TICKET_DOCUMENTS}) AS d WHERE d.id = ${TICKET_ID}`,
      `SELECT ${jsonObjectText(machineColumns)} FROM machines
       JOIN machine_types ON machine_types.id = machines.machine_type_id WHERE machines.id = c.id`,
      `SELECT ${jsonObjectText(assignableColumns)} FROM users WHERE users.id = c.id`,
    )} AS document,
    iif(c.kind = 'ticket', ${newestEntries(TICKET_ID)}, NULL) AS entries,
    ${byKind(
      TICKET_ID,
      "SELECT 1 FROM machines m WHERE m.id = c.id AND m.retired_at IS NULL",
      `SELECT 1 FROM users u WHERE u.id = c.id AND ${isAssignable("u")}`,
    )} IS NULL AS gone
  FROM (${CHANGED}) AS c`;

/** SQL of the newest change; 0 before there was one. */
export const NEWEST_CHANGE = "COALESCE((SELECT MAX(seq) FROM document_changes), 0)";

/** The cursor that leads to what comes after this change. */
export const cursorAfter = (seq: number): string => encodeCursor("changes", [seq]);

/** What has changed, as the statement finds it: documents are JSON text. */
interface Row {
  kind: Change["kind"];
  id: number;
  first: number;
  seq: number;
  gone: 0 | 1;
  document: string | null;
  entries: string | null;
}

function changeOf({ kind, id, seq, gone, document, entries }: Row): Change {
  const change = { seq, kind, id, gone: gone === 1 };
  if (document === null) return change;
  if (kind === "ticket") return { ...change, ticket: withNewest(JSON.parse(document), JSON.parse(entries ?? "[]")) };
  return { ...change, [kind]: JSON.parse(document) };
}

/**
 * What has changed since a place (contract section 1), each ticket, machine and person once and as they are now, in the
 * order of their last change in the page. Nothing is missed: a change that is not in an answer comes after its cursor.
 *
 * @throws AppError `invalid_cursor`, also for a place that is no longer kept.
 */
export async function listChanges(ctx: Context, { cursor, limit }: ChangesQuery): Promise<ChangesOutput> {
  const seen = decodeCursor("changes", cursor, z.tuple([z.int().nonnegative()]))?.[0];
  const { DB } = ctx.env;
  const [heads, page] = await DB.batch<unknown>([
    DB.prepare(`SELECT ${NEWEST_CHANGE} AS newest`),
    ...(seen === undefined ? [] : [DB.prepare(PAGE).bind(seen, limit)]),
  ]);
  const [{ newest } = { newest: 0 }] = (heads?.results ?? []) as { newest: number }[];
  if (seen === undefined) return { changes: [], next_cursor: cursorAfter(newest), more: false };
  const rows = (page?.results ?? []) as Row[];
  // The oldest are removed, and a database may be put back to what it was: whoever has seen other things begins anew.
  const isKept = seen === newest || Math.min(...rows.map(({ first }) => first)) === seen + 1;
  if (!isKept) throw new AppError("invalid_cursor");
  const next = Math.min(seen + limit, newest);
  const inOrder = rows.sort((one, other) => one.seq - other.seq || KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind));
  return { changes: inOrder.map(changeOf), next_cursor: cursorAfter(next), more: next < newest };
}
