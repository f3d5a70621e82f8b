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

const FALLBACKS = `
  SELECT 'webhook' AS channel, 'webhook:' || w.id AS target, 'ticket:' || due.id || '/escalated' AS subject,
         'notification.fallback' AS event_type,
         json_object('type', 'notification.fallback', 'timestamp', ?, 'data',
           json_object('ticket', json(d.ticket), 'machine', json(d.machine),
                       'event', 'ticket.escalated', 'reason', 'not_acknowledged')) AS payload
  FROM (${UNACKNOWLEDGED}) AS due
  CROSS JOIN (${TICKET_DOCUMENTS}) AS d ON d.id = due.id
  JOIN webhook_endpoints w ON w.active = 1
   AND EXISTS (SELECT 1 FROM json_each(w.events) heard WHERE heard.value = 'notification.fallback')`;

const TOLD = [
  pushes(OVERDUE, "ticket.overdue", "'/overdue:' || t.scheduled_date", true),
  pushes(UNACKNOWLEDGED, "ticket.escalated", "'/escalated'", false),
  FALLBACKS,
].join(" UNION ALL ");

/**
 * The part of the cron run of each minute that finds tickets which nobody looks after. Assignee and supervisors are told of
 * open ones past their `scheduled_date`, once per date. Critical ones that nobody has acknowledged for
 * ESCALATE_AFTER_MINUTES are taken to the supervisors, by push and as `notification.fallback`, once. Telling and noting
 * that it was told are one batch, so overlapping runs tell once.
 */
export async function remind(ctx: Context): Promise<void> {
  const now = ctx.now();
  const at = now.toISOString();
  const before = new Date(now.getTime() - ctx.env.ESCALATE_AFTER_MINUTES * 60_000).toISOString();
  const { DB } = ctx.env;
  const [told] = await DB.batch<{ id: number }>([
    enqueue(ctx, TOLD, [at, at, at, before, at, before], { once: true }),
    DB.prepare(`UPDATE tickets SET overdue_notified_for = scheduled_date WHERE id IN (${OVERDUE})`).bind(at),
    DB.prepare(`UPDATE tickets SET escalated_at = ?1 WHERE id IN (${UNACKNOWLEDGED.replace("?", "?2")})`).bind(
      at,
      before,
    ),
  ]);
  await announce(ctx, told?.results.map((row) => row.id) ?? []);
}
