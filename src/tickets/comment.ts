import type { ActorContext } from "../context.ts";
import {
  type Answer,
  answerFromRow,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { applyChange } from "./change.ts";
import { findTicket } from "./read.ts";

// A batch is alone in the database, so the newest timeline entry is its own.
const SELECT_COMMENT = `
  SELECT json_object('location', '/api/tickets/' || t.ticket_id || '/timeline') AS headers,
         json_object('comment', json_object('id', e.id, 'ticket_id', e.ticket_id, 'user_id', e.user_id,
           'user_name', e.user_name, 'action', e.action, 'old_value', e.old_value, 'new_value', e.new_value,
           'comment', e.comment, 'created_at', e.created_at)) AS body
  FROM ticket_timeline e JOIN tickets t ON t.id = e.ticket_id
  WHERE e.id = (SELECT MAX(id) FROM ticket_timeline)`;

/**
 * Adds a comment, once per idempotency key.
 *
 * @returns 201 with `{"comment": <timeline entry>}`.
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function addComment(
  ctx: ActorContext,
  ref: string,
  body: string,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  return exactlyOnce(ctx, record, async () => {
    const ticket = await findTicket(ctx, ref);
    const rows = await applyChange<{ headers: string; body: string }>(
      ctx,
      ticket,
      {
        set: {},
        entries: [{ action: "commented", comment: body }],
        webhooks: ["ticket.commented"],
        details: { comment: body },
        pushes: [
          { event: "ticket.commented", user_id: ticket.assigned_to },
          { event: "ticket.commented", user_id: ticket.reported_by },
        ],
        statements: [answerStatement(ctx, record, 201, SELECT_COMMENT)],
      },
      { sql: "true", params: [] },
    );
    const [row] = rows ?? [];
    if (!row) throw new AppError("ticket_not_found");
    return answerFromRow(201, row);
  });
}
