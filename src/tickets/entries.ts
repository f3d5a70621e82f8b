import type { Context } from "../context.ts";
import { insertEntries } from "../db/timeline.ts";
import type { TimelineAction } from "../vocabulary/timeline.ts";

/** SQL for the members of a timeline entry; those left out are NULL. */
interface EntrySource {
  ticket_id: string;
  /** Whose id and name the entry keeps: those of the row `u`, or two placeholders. */
  user?: "u" | "?";
  action: string;
  old_value?: string;
  new_value?: string;
  comment?: string;
  created_at: string;
  /** When it was done; NULL: at `created_at`. */
  occurred_at?: string;
}

const USER = { user_id: "u.id", user_name: "u.name" };

/**
 * SQL that adds entries to the timelines of tickets, the one way in which that is done.
 *
 * @param source in the order in which placeholders are bound.
 * @param from what follows the values: FROM, WHERE.
 * @param order SQL of the order of several entries of one ticket.
 */
export const addEntries = ({ ticket_id, user, ...rest }: EntrySource, from = "", order?: string): string =>
  insertEntries(
    "ticket_timeline",
    { ticket_id, ...(user === "u" ? USER : user && { user_id: user, user_name: user }), ...rest },
    from,
    order,
  );

/**
 * A statement that notes in a ticket's timeline that somebody was told of it, or could not be.
 *
 * @param told.event what they were told: `email.message` or `ticket.started`.
 * @param told.comment the way, or why not.
 * @param told.person who, when it is one of us.
 */
export const noteTold = (
  ctx: Context,
  ticketId: number,
  action: TimelineAction & `notif${string}`,
  told: { event: string; comment: string | null; person?: { id: number; name: string } },
): D1PreparedStatement =>
  ctx.env.DB.prepare(
    addEntries({ ticket_id: "?", user: "?", action: "?", new_value: "?", comment: "?", created_at: "?" }),
  ).bind(
    ticketId,
    told.person?.id ?? null,
    told.person?.name ?? null,
    action,
    told.event,
    told.comment,
    ctx.now().toISOString(),
  );
