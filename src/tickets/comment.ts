import { getTableColumns } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import { ticket_timeline } from "../db/schema.ts";
import type { Answer, IdempotencyRecord } from "../http/idempotency.ts";
import { changeTicket } from "./change.ts";
import type { CommentInput } from "./schemas.ts";
import { occurrence } from "./stated-instants.ts";

const SELECT_COMMENT = selectAnswer(
  "comment",
  getTableColumns(ticket_timeline),
  `ticket_timeline JOIN tickets t ON t.id = ticket_timeline.ticket_id
   WHERE t.id = ? AND ticket_timeline.id = (SELECT MAX(n.id) FROM ticket_timeline n WHERE n.ticket_id = t.id)`,
  "'location', '/api/tickets/' || t.ticket_id || '/timeline'",
);

/**
 * Adds a comment, once per idempotency key.
 *
 * @returns 201 with `{"comment": <timeline entry>}`.
 * @throws AppError `value_not_accepted`, and as `changeTicket` does.
 */
export const addComment = (
  ctx: ActorContext,
  ref: string,
  { body, occurred_at }: CommentInput,
  record: IdempotencyRecord | null,
): Promise<Answer> =>
  changeTicket(ctx, ref, record, {
    status: 201,
    answer: SELECT_COMMENT,
    plan: (context, ticket) => ({
      set: {},
      occurred_at: occurrence(context, ticket, occurred_at).occurred_at,
      entries: [{ action: "commented", comment: body }],
      webhooks: ["ticket.commented"],
      details: { comment: body },
      pushes: [
        { event: "ticket.commented", user_id: ticket.assigned_to },
        { event: "ticket.commented", user_id: ticket.reported_by },
      ],
    }),
  });
