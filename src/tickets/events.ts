import type { ActorContext, Context, RequestContext } from "../context.ts";
import { enqueue } from "../deliveries/outbox.ts";
import type { CustomerNews, PushEvent, WebhookEvent } from "../vocabulary/events.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";

/** The person who acted, as webhooks show them. */
export const actorDocument = ({ actor }: ActorContext) => ({ id: actor.id, name: actor.name, role: actor.role });

const suffix = (options: { perVersion?: boolean }) => (options.perVersion ? "'/v' || t.version || ?" : "?");

/**
 * A statement that enqueues these events for every active endpoint that listens to them.
 *
 * @param options.ticket SQL for the ticket's id. It may hold one `?`, bound to `options.ticketParam`.
 * @param options.subject what follows `ticket:<id>` in the subject, to tell several jobs of one ticket apart.
 * @param options.perVersion each version of the ticket is a job of its own: every change is told, none replaces another.
 * @param options.details members of `data` beside `ticket` and `machine`; without nulls.
 * @param options.once leave a job that exists as it is.
 */
export function enqueueWebhooks(
  ctx: Context,
  events: readonly WebhookEvent[],
  options: {
    ticket: string;
    ticketParam?: number;
    subject?: string;
    perVersion?: boolean;
    details: Record<string, unknown>;
    once?: boolean;
  },
): D1PreparedStatement {
  // CROSS JOIN keeps the order of the loops: without an endpoint nothing else is looked at.
  return enqueue(
    ctx,
    `SELECT 'webhook' AS channel, 'webhook:' || w.id AS target, 'ticket:' || t.id || ${suffix(options)} AS subject,
            ev.value AS event_type,
            json_object('type', ev.value, 'timestamp', ?,
                        'data', json_patch(json_object('ticket', json(t.ticket), 'machine', json(t.machine)), ?)) AS payload
     FROM webhook_endpoints w
     CROSS JOIN json_each(?) ev
     CROSS JOIN (${TICKET_DOCUMENTS}) AS t
     WHERE w.active = 1 AND EXISTS (SELECT 1 FROM json_each(w.events) heard WHERE heard.value = ev.value)
       AND t.id = ${options.ticket}`,
    [
      options.subject ?? "",
      ctx.now().toISOString(),
      JSON.stringify(options.details),
      JSON.stringify(events),
      ...(options.ticketParam === undefined ? [] : [options.ticketParam]),
    ],
    { once: options.once ?? false },
  );
}

/**
 * A statement that enqueues a push to one person about a ticket.
 *
 * @param options.ticket, options.ticketParam, options.subject, options.perVersion as in `enqueueWebhooks`.
 */
export function enqueuePush(
  ctx: Context,
  event: PushEvent,
  userId: number,
  options: { ticket: string; ticketParam?: number; subject?: string; perVersion?: boolean },
): D1PreparedStatement {
  return enqueue(
    ctx,
    `SELECT 'push' AS channel, 'user:' || CAST(? AS INTEGER) AS target, 'ticket:' || t.id || ${suffix(options)} AS subject,
            ? AS event_type, json_object('type', ?, 'timestamp', ?, 'ticket', json(t.ticket)) AS payload
     FROM (${TICKET_DOCUMENTS}) AS t WHERE t.id = ${options.ticket}`,
    [
      userId,
      options.subject ?? "",
      event,
      event,
      ctx.now().toISOString(),
      ...(options.ticketParam === undefined ? [] : [options.ticketParam]),
    ],
  );
}

/**
 * A statement that enqueues news for the customer whom the ticket names, if it names one. How they hear of it, and
 * when, is decided when it is dispatched.
 *
 * @param options.ticket, options.ticketParam as in `enqueueWebhooks`.
 * @param options.once tell it once only, however often it comes to that.
 */
export function enqueueCustomerNews(
  ctx: RequestContext,
  news: CustomerNews,
  options: { ticket: string; ticketParam?: number; once?: boolean },
): D1PreparedStatement {
  return enqueue(
    ctx,
    `SELECT 'email' AS channel, 'customer:' || t.customer_id AS target, 'ticket:' || t.id AS subject,
            'ticket.' || ? AS event_type, json_object('news', ?, 'origin', ?) AS payload
     FROM tickets t WHERE t.id = ${options.ticket} AND t.customer_id IS NOT NULL`,
    [news, news, ctx.origin, ...(options.ticketParam === undefined ? [] : [options.ticketParam])],
    { once: options.once ?? false },
  );
}
