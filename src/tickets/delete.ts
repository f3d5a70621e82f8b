import type { ActorContext } from "../context.ts";
import { anyVersion, ifMatchHolds } from "../http/etag.ts";
import { AppError } from "../problem.ts";
import { applyChange, type Guard, versionIs } from "./change.ts";
import { findTicket } from "./read.ts";

const ANY_VERSION: Guard = { sql: "true", params: [] };

/**
 * Takes a ticket out of every list. Its row, its timeline and its number stay; the number is never given again.
 *
 * @throws AppError `ticket_not_found`, `version_conflict`.
 */
export async function deleteTicket(ctx: ActorContext, ref: string, ifMatch: string | undefined): Promise<void> {
  const ticket = await findTicket(ctx, ref);
  if (!ifMatchHolds(ifMatch, ticket.version)) throw new AppError("version_conflict");
  const unbound = anyVersion(ifMatch);
  const deleted = await applyChange(
    ctx,
    ticket,
    {
      set: { deleted_at: ctx.now().toISOString() },
      entries: [{ action: "deleted", old_value: ticket.status }],
      webhooks: ["ticket.deleted"],
      pushes: [],
    },
    unbound ? ANY_VERSION : versionIs(ticket.version),
  );
  if (!deleted) throw new AppError(unbound ? "ticket_not_found" : "version_conflict");
}
