import { getTableColumns } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { ticket_timeline } from "../db/schema.ts";
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

const SELECT_COMMENT = selectAnswer(
  "comment",
  getTableColumns(ticket_timeline),
  `ticket_timeline JOIN tickets t ON t.id = ticket_timeline.ticket_id
   WHERE ticket_timeline.id = ${newestId("ticket_timeline")}`,
  "'location', '/api/tickets/' || t.ticket_id || '/timeline'",
);

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
