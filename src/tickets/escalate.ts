import type { Context } from "../context.ts";
import { announce, enqueue } from "../deliveries/outbox.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";

/** Tickets that one cron run deals with; the next run takes the rest. */
const TICKETS_PER_RUN = 100;

const OVERDUE = `SELECT id FROM tickets INDEXED BY tickets_overdue
  WHERE scheduled_date IS NOT NULL AND is_open = 1 AND overdue_notified_for IS NOT scheduled_date AND scheduled_date < ?
  ORDER BY scheduled_date LIMIT ${TICKETS_PER_RUN}`;

const UNACKNOWLEDGED = `SELECT id FROM tickets INDEXED BY tickets_unacknowledged
  WHERE priority = 'critical' AND acknowledged_at IS NULL AND escalated_at IS NULL AND is_open = 1 AND created_at <= ?
  ORDER BY created_at LIMIT ${TICKETS_PER_RUN}`;

// The supervisors, and where `assignee` says so the assigned person, once each.
const pushes = (tickets: string, event: string, subject: string, assignee: boolean) => `
  SELECT DISTINCT 'push' AS channel, 'user:' || u.id AS target, 'ticket:' || t.id || ${subject} AS subject,
         '${event}' AS event_type,
         json_object('type', '${event}', 'timestamp', ?, 'ticket', json(d.ticket)) AS payload
  FROM (${tickets}) AS due
  CROSS JOIN tickets t ON t.id = due.id
  CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = t.id
  JOIN users u ON u.active = 1 AND (u.role = 'supervisor' ${assignee ? "OR u.id = t.assigned_to" : ""})`;

/**
 * Tells assignee and supervisors of open tickets past their `scheduled_date`, once per date. Telling and noting that
 * it was told are one batch, so overlapping runs tell once.
 */
function tellOverdue(ctx: Context): D1PreparedStatement[] {
  const now = ctx.now().toISOString();
  return [
    enqueue(ctx, pushes(OVERDUE, "ticket.overdue", "'/overdue:' || t.scheduled_date", true), [now, now], {
      once: true,
    }),
    ctx.env.DB.prepare(`UPDATE tickets SET overdue_notified_for = scheduled_date WHERE id IN (${OVERDUE})`).bind(now),
  ];
}

/**
 * Takes critical tickets that nobody has acknowledged for ESCALATE_AFTER_MINUTES to the supervisors, by push and as
 * `notification.fallback`, once.
 */
function escalate(ctx: Context): D1PreparedStatement[] {
  const now = ctx.now();
  const at = now.toISOString();
  const before = new Date(now.getTime() - ctx.env.ESCALATE_AFTER_MINUTES * 60_000).toISOString();
  return [
    enqueue(ctx, pushes(UNACKNOWLEDGED, "ticket.escalated", "'/escalated'", false), [at, before], { once: true }),
    enqueue(
      ctx,
      `SELECT 'webhook' AS channel, 'webhook:' || w.id AS target, 'ticket:' || due.id || '/escalated' AS subject,
              'notification.fallback' AS event_type,
              json_object('type', 'notification.fallback', 'timestamp', ?, 'data',
                json_object('ticket', json(d.ticket), 'machine', json(d.machine),
                            'event', 'ticket.escalated', 'reason', 'not_acknowledged')) AS payload
       FROM (${UNACKNOWLEDGED}) AS due
       CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = due.id
       JOIN webhook_endpoints w ON w.active = 1
        AND EXISTS (SELECT 1 FROM json_each(w.events) heard WHERE heard.value = 'notification.fallback')`,
      [at, before],
      { once: true },
    ),
    ctx.env.DB.prepare(`UPDATE tickets SET escalated_at = ?1 WHERE id IN (${UNACKNOWLEDGED.replace("?", "?2")})`).bind(
      at,
      before,
    ),
  ];
}

/** The part of the cron run of each minute that finds tickets which nobody looks after. */
export async function remind(ctx: Context): Promise<void> {
  const results = await ctx.env.DB.batch<{ id: number }>([...tellOverdue(ctx), ...escalate(ctx)]);
  await announce(
    ctx,
    results.flatMap((result) => result.results.map((row) => row.id)),
  );
}
