import type { ActorContext } from "../context.ts";
import type { Answer, IdempotencyRecord } from "../http/idempotency.ts";
import { changeTicket } from "./change.ts";
import { SELECT_CHANGED_TICKET } from "./projection.ts";
import { occurrence } from "./stated-instants.ts";

/**
 * Says "I'm on it". The first one wins; whoever comes later gets the ticket and sees who was first.
 *
 * @param occurredAt when they said so, by our clock.
 * @returns 200 with `{"ticket": ...}`.
 * @throws AppError `value_not_accepted`, and as `changeTicket` does.
 */
export const acknowledgeTicket = (
  base: ActorContext,
  ref: string,
  occurredAt: string | undefined,
  record: IdempotencyRecord | null,
): Promise<Answer> =>
  changeTicket(base, ref, record, {
    status: 200,
    answer: SELECT_CHANGED_TICKET,
    plan(ctx, ticket) {
      const { occurred_at, at } = occurrence(ctx, ticket, occurredAt);
      if (ticket.acknowledged_at !== null) return null;
      return {
        set: { acknowledged_at: at, acknowledged_by: ctx.actor.id },
        entries: [{ action: "acknowledged" }],
        occurred_at,
        webhooks: ["ticket.updated"],
        pushes: [{ event: "ticket.acknowledged", user_id: ticket.assigned_to }],
        guards: [{ sql: "acknowledged_at IS NULL", params: [] }],
      };
    },
  });
