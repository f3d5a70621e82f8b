import type { ActorContext } from "../context.ts";
import type { Answer, IdempotencyRecord } from "../http/idempotency.ts";
import { changeTicket } from "./change.ts";
import { SELECT_CHANGED_TICKET } from "./projection.ts";

/**
 * Says "I'm on it". The first one wins; whoever comes later gets the ticket and sees who was first.
 *
 * @returns 200 with `{"ticket": ...}`.
 * @throws AppError as `changeTicket` does.
 */
export const acknowledgeTicket = (base: ActorContext, ref: string, record: IdempotencyRecord | null): Promise<Answer> =>
  changeTicket(base, ref, record, {
    status: 200,
    answer: SELECT_CHANGED_TICKET,
    plan: (ctx, ticket) =>
      ticket.acknowledged_at === null
        ? {
            set: { acknowledged_at: ctx.now().toISOString(), acknowledged_by: ctx.actor.id },
            entries: [{ action: "acknowledged" }],
            webhooks: ["ticket.updated"],
            pushes: [{ event: "ticket.acknowledged", user_id: ticket.assigned_to }],
            guards: [{ sql: "acknowledged_at IS NULL", params: [] }],
          }
        : null,
  });
