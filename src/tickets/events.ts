import type { ActorContext, Context, RequestContext } from "../context.ts";
import type { Fragment } from "../db/fragment.ts";
import { enqueue } from "../deliveries/outbox.ts";
import type { CustomerNews, PushEvent, WebhookEvent } from "../vocabulary/events.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";

/** The person who acted, as webhooks show them. */
export const actorDocument = ({ actor }: ActorContext) => ({ id: actor.id, name: actor.name, role: actor.role });

/** Which ticket jobs are about. */
interface About {
  /** SQL for the ticket's id. It may hold one `?`, bound to `ticketParam`. */
  ticket: string;
  ticketParam?: number;
  /** What follows `ticket:<id>` in the subject, to tell several jobs of one ticket apart. */
  subject?: string;
  /** Each version of the ticket is a job of its own: every change is told, none replaces another. */
  perVersion?: boolean;
}

const suffix = (about: About) => (about.perVersion ? "'/v' || t.version || ?" : "?");
const param = ({ ticketParam }: About) => (ticketParam === undefined ? [] : [ticketParam]);

/**
 * Jobs, as `enqueue` takes them: these events for every active endpoint that listens to them.
 *
 * @param details members of `data` beside `ticket` and `machine`; without nulls.
 */
export const webhookJobs = (
  ctx: Context,
  events: readonly WebhookEvent[],
  details: Record<string, unknown>,
  about: About,
): Fragment => ({
  // CROSS JOIN keeps the order of the loops: without an endpoint nothing else is looked at.
  sql: `SELECT 'webhook' AS channel, 'webhook:' || w.id AS target, 'ticket:' || t.id || ${suffix(about)} AS subject,
               ev.value AS event_type,
               json_object('type', ev.value, 'timestamp', ?,
                           'data', json_patch(json_object('ticket', json(t.ticket), 'machine', json(t.machine)), ?)) AS payload
        FROM webhook_endpoints w
        CROSS JOIN json_each(?) ev
        CROSS JOIN (${TICKET_DOCUMENTS}) AS t
        WHERE w.active = 1 AND EXISTS (SELECT 1 FROM json_each(w.events) heard WHERE heard.value = ev.value)
          AND t.id = ${about.ticket}`,
  params: [
    about.subject ?? "",
    ctx.now().toISOString(),
    JSON.stringify(details),
    JSON.stringify(events),
    ...param(about),
  ],
});

/** A statement that enqueues the jobs of `webhookJobs`. @param options.once leave a job that exists as it is. */
export function enqueueWebhooks(
  ctx: Context,
  events: readonly WebhookEvent[],
  { details, once = false, ...about }: About & { details: Record<string, unknown>; once?: boolean },
): D1PreparedStatement {
  const { sql, params } = webhookJobs(ctx, events, details, about);
  return enqueue(ctx, sql, params, { once });
}

/** Jobs, as `enqueue` takes them: a push about a ticket to each of these people. */
export const pushJobs = (ctx: Context, pushes: { event: PushEvent; user_id: number }[], about: About): Fragment => ({
  sql: `SELECT 'push' AS channel, 'user:' || (told.value ->> 'user_id') AS target,
               'ticket:' || t.id || ${suffix(about)} AS subject, told.value ->> 'event' AS event_type,
               json_object('type', told.value ->> 'event', 'timestamp', ?, 'ticket', json(t.ticket)) AS payload
        FROM json_each(?) told CROSS JOIN (${TICKET_DOCUMENTS}) AS t WHERE t.id = ${about.ticket}`,
  params: [about.subject ?? "", ctx.now().toISOString(), JSON.stringify(pushes), ...param(about)],
});

/**
 * A job, as `enqueue` takes it: news for the customer whom the ticket names, if it names one. How they hear of it, and
 * when, is decided when it is dispatched.
 */
export const newsJob = (
  ctx: RequestContext,
  news: CustomerNews,
  about: Pick<About, "ticket" | "ticketParam">,
): Fragment => ({
  sql: `SELECT 'email' AS channel, 'customer:' || t.customer_id AS target, 'ticket:' || t.id AS subject,
               'ticket.' || ? AS event_type, json_object('news', ?, 'origin', ?) AS payload
        FROM tickets t WHERE t.id = ${about.ticket} AND t.customer_id IS NOT NULL`,
  params: [news, news, ctx.origin, ...param(about)],
});
