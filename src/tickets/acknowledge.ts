import type { ActorContext } from "../context.ts";
import { untilWritten } from "../db/until-written.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { atOneInstant } from "../world.ts";
import { applyChange, type Change } from "./change.ts";
import { SELECT_CHANGED_TICKET } from "./projection.ts";
import { readForChange } from "./read.ts";

/**
 * Says "I'm on it". The first one wins; whoever comes later gets the ticket and sees who was first.
 *
 * @returns 200 with `{"ticket": ...}`.
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`, `database_unavailable`, `unauthorized`.
 */
export function acknowledgeTicket(base: ActorContext, ref: string, record: IdempotencyRecord | null): Promise<Answer> {
  const attempt = async () => {
    const ctx = atOneInstant(base);
    const { ticket } = await readForChange(ctx, ref);
    const answer = answerStatement(ctx, record, 200, SELECT_CHANGED_TICKET, [ticket.id]);
    if (ticket.acknowledged_at !== null) return answerFromBatch(200, await ctx.env.DB.batch([answer]));
    const change: Change = {
      set: { acknowledged_at: ctx.now().toISOString(), acknowledged_by: ctx.actor.id },
      entries: [{ action: "acknowledged" }],
      webhooks: ["ticket.updated"],
      pushes: [{ event: "ticket.acknowledged", user_id: ticket.assigned_to }],
      guards: [{ sql: "acknowledged_at IS NULL", params: [] }],
    };
    const results = await applyChange(ctx, ticket, change, answer);
    return results && answerFromBatch(200, results);
  };
  return exactlyOnce(base, record, () => untilWritten(base, attempt));
}
