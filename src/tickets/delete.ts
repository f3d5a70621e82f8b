import type { ActorContext } from "../context.ts";
import { untilWritten } from "../db/until-written.ts";
import { boundTo, writeChange } from "./change.ts";
import { findTicket } from "./read.ts";

/**
 * Takes a ticket out of every list. Its row, its timeline and its number stay; the number is never given again.
 *
 * @throws AppError `ticket_not_found`, `version_conflict`, `database_unavailable`.
 */
export async function deleteTicket(ctx: ActorContext, ref: string, ifMatch: string | undefined): Promise<void> {
  await untilWritten(ctx, async () => {
    const ticket = await findTicket(ctx, ref);
    return writeChange(ctx, ticket, {
      set: { deleted_at: ctx.now().toISOString() },
      entries: [{ action: "deleted", old_value: ticket.status }],
      webhooks: ["ticket.deleted"],
      pushes: [],
      guards: boundTo(ifMatch, ticket),
    });
  });
}
