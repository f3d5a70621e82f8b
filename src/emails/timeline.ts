import type { Context } from "../context.ts";

/**
 * A statement that notes in a ticket's timeline that somebody was told of it, or could not be.
 *
 * @param event what they were told: `email.message` or `ticket.started`.
 * @param comment the way, or why not.
 */
export const noteTold = (
  ctx: Context,
  ticketId: number,
  action: "notified" | "notification_failed",
  event: string,
  comment: string,
): D1PreparedStatement =>
  ctx.env.DB.prepare(
    "INSERT INTO ticket_timeline (ticket_id, action, new_value, comment, created_at) VALUES (?, ?, ?, ?, ?)",
  ).bind(ticketId, action, event, comment, ctx.now().toISOString());
