import type { ActorContext } from "../context.ts";
import { applyChange } from "./change.ts";
import { findTicket, ticketById } from "./read.ts";
import type { Ticket } from "./schemas.ts";

/**
 * Says "I'm on it". The first one wins; whoever comes later gets the ticket and sees who was first.
 *
 * @throws AppError `ticket_not_found`.
 */
export async function acknowledgeTicket(ctx: ActorContext, ref: string): Promise<Ticket> {
  const ticket = await findTicket(ctx, ref);
  if (ticket.acknowledged_at !== null) return ticket;
  await applyChange(
    ctx,
    ticket,
    {
      set: { acknowledged_at: ctx.now().toISOString(), acknowledged_by: ctx.actor.id },
      entries: [{ action: "acknowledged" }],
      webhooks: ["ticket.updated"],
      pushes: [{ event: "ticket.acknowledged", user_id: ticket.assigned_to }],
    },
    { sql: "acknowledged_at IS NULL", params: [] },
  );
  return ticketById(ctx, ticket.id);
}
