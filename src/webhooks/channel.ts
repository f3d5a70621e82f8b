import { type Claim, type DeliveryContext, type Outcome, referencedIdSql, type Sender } from "../deliveries/job.ts";
import { enqueue } from "../deliveries/outbox.ts";
import { maxAttempts } from "../deliveries/schedule.ts";
import { type Concerned, NOTIFICATION_NEEDS, notificationFailed, notificationHeld } from "../emails/news.ts";
import type { DisabledReason } from "../vocabulary/deliveries.ts";
import type { EventPayload } from "./body.ts";
import { type Endpoint, postEvent, selectEndpoint } from "./send.ts";

/** An endpoint that has failed for this long is switched off. */
const FAILING_LIMIT_MS = 5 * 24 * 60 * 60_000;

/** The endpoint's own state after a try, and word to the administrators when it is switched off. */
function endpointEffects(ctx: DeliveryContext, endpoint: Endpoint, outcome: Outcome): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const now = ctx.now();
  const at = now.toISOString();
  if (outcome.result === "delivered") {
    if (!endpoint.failing_since) return [];
    return [DB.prepare("UPDATE webhook_endpoints SET failing_since = NULL WHERE id = ?").bind(endpoint.id)];
  }
  const failingSince = endpoint.failing_since ?? at;
  const gone = outcome.http_status === 410;
  const failing = now.getTime() - Date.parse(failingSince) >= FAILING_LIMIT_MS;
  if (!gone && !failing) {
    return [
      DB.prepare("UPDATE webhook_endpoints SET failing_since = COALESCE(failing_since, ?) WHERE id = ?").bind(
        at,
        endpoint.id,
      ),
    ];
  }
  const reason: DisabledReason = gone ? "gone" : "failing";
  return [
    DB.prepare(
      "UPDATE webhook_endpoints SET active = 0, disabled_reason = ?, failing_since = ?, updated_at = ? WHERE id = ? AND active = 1",
    ).bind(reason, failingSince, at, endpoint.id),
    enqueue(
      ctx,
      `SELECT 'push' AS channel, 'user:' || u.id AS target, ? AS subject, 'webhook.disabled' AS event_type,
              json_object('type', 'webhook.disabled', 'timestamp', ?, 'url', ?, 'reason', ?) AS payload
       FROM users u WHERE u.role = 'admin' AND u.active = 1
         -- Only who has switched it off tells of it, of several deliveries that met the same answer.
         AND changes() = 1`,
      [`webhook:${endpoint.id}`, at, new URL(endpoint.url).host, reason],
    ),
  ];
}

/** What a try knows: the endpoint, if it has not been removed, and, of a notification, the customer whom it concerns. */
interface Found {
  endpoint: Endpoint | null;
  concerned: Concerned | null;
}

const NEEDS = `json_object(
  'endpoint', json((${selectEndpoint(referencedIdSql("deliveries.target"))})),
  'concerned', iif(deliveries.event_type = 'customer.notify', json((${NOTIFICATION_NEEDS})), NULL))`;

async function post(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const { endpoint } = job.found as Found;
  if (endpoint?.active !== 1) return { result: "failed", error: "endpoint is switched off" };
  const outcome = await postEvent(ctx, endpoint, job.wire_id, job.payload as EventPayload);
  return { ...outcome, effects: endpointEffects(ctx, endpoint, outcome) };
}

/** A notification for a customer goes by their wishes, and the ticket's timeline says when it could not be passed on. */
async function notify(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const held = notificationHeld(ctx, job, (job.found as Found).concerned);
  if (held) return held.result === "postponed" ? held : { ...held, effects: [notificationFailed(ctx, job)] };
  const outcome = await post(ctx, job);
  const last = outcome.result === "failed" || (outcome.result === "retry" && job.attempts >= maxAttempts(job.channel));
  return last ? { ...outcome, effects: [...(outcome.effects ?? []), notificationFailed(ctx, job)] } : outcome;
}

/** Delivers one event to one endpoint (Standard Webhooks; contract section 5). */
export const webhookSender: Sender = {
  needs: NEEDS,
  send: (ctx, job) => (job.event_type === "customer.notify" ? notify(ctx, job) : post(ctx, job)),
};
