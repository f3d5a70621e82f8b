import { createHash } from "node:crypto";
import type { ActorContext } from "../../context.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import type { IdempotencyRecord } from "../../http/idempotency.ts";

/** Where the lines of imports stand among the idempotency records. */
const ROUTE = "POST /api/tickets/import#line";

/**
 * What an import is known by: each line that it writes is kept under it, in the same batch, so that no line is written
 * twice, by whatever runs. With an `Idempotency-Key` a repetition of the same file is the same import.
 */
export const importName = (record: IdempotencyRecord | null): string =>
  record === null
    ? crypto.randomUUID()
    : createHash("sha256")
        .update(JSON.stringify([record.key, record.hash]))
        .digest("base64url");

/** Whether a batch was undone since one of its lines had been written by this import before. */
export const isLineWritten = (error: unknown): boolean =>
  isUniqueViolation(error, "idempotency_keys.user_id, idempotency_keys.route, idempotency_keys.key");

/**
 * A statement that keeps the numbers of lines under their import. A line that has been written makes it fail, and with
 * it the whole batch.
 *
 * @param numbered a SELECT of `line` and `ticket_id`.
 */
export const keepLines = (ctx: ActorContext, name: string, numbered: string, params: unknown[]): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `INSERT INTO idempotency_keys (user_id, route, key, request_hash, status, created_at, headers, body)
     SELECT ?, '${ROUTE}', ? || ':' || CAST(n.line AS INTEGER), '', 200, ?, '{}', json_quote(n.ticket_id)
     FROM (${numbered}) AS n`,
  ).bind(ctx.actor.id, name, ctx.now().toISOString(), ...params);

/** A query of the lines that this import has written, for `asWritten`. */
export const selectWritten = (ctx: ActorContext, name: string): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `SELECT CAST(substr(key, ?) AS INTEGER) AS line, body ->> '$' AS ticket_id FROM idempotency_keys
     WHERE user_id = ? AND route = '${ROUTE}' AND key >= ? AND key < ?`,
  )
    // ';' follows ':' in ASCII, so the range holds exactly the lines of this import.
    .bind(name.length + 2, ctx.actor.id, `${name}:`, `${name};`);

/** The numbers of the lines that this query has found, by line. */
export const asWritten = (found: D1Result<unknown> | undefined): Map<number, string> =>
  new Map(((found?.results ?? []) as { line: number; ticket_id: string }[]).map((row) => [row.line, row.ticket_id]));
