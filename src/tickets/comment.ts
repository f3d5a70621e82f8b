import type { ActorContext } from "../context.ts";
import { untilWritten } from "../db/until-written.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { applyChange, type Change } from "./change.ts";
import { readForChange } from "./read.ts";

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
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`, `database_unavailable`, `unauthorized`.
 */
export function addComment(
  ctx: ActorContext,
  ref: string,
  body: string,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const attempt = async () => {
    const { ticket } = await readForChange(ctx, ref);
    const change: Change = {
      set: {},
      entries: [{ action: "commented", comment: body }],
      webhooks: ["ticket.commented"],
      details: { comment: body },
      pushes: [
        { event: "ticket.commented", user_id: ticket.assigned_to },
        { event: "ticket.commented", user_id: ticket.reported_by },
      ],
    };
    const results = await applyChange(ctx, ticket, change, answerStatement(ctx, record, 201, SELECT_COMMENT));
    return results && answerFromBatch(201, results);
  };
  return exactlyOnce(ctx, record, () => untilWritten(ctx, attempt));
}
