import { Webhook } from "standardwebhooks";
import type { DeliveryContext, Outcome } from "../deliveries/job.ts";
import { readBeginning } from "../outgoing/response.ts";
import { retryAfterSeconds } from "../outgoing/retry-after.ts";
import { isAllowedTarget } from "../outgoing/targets.ts";
import { type EventPayload, webhookBody } from "./body.ts";

const TIMEOUT_MS = 15_000;

export interface Endpoint {
  id: number;
  url: string;
  active: number;
  secret: string;
  previous_secret: string | null;
  previous_secret_until: string | null;
  failing_since: string | null;
}

/** Signature header of Standard Webhooks: after a rotation both secrets sign for a day. */
function signatures(endpoint: Endpoint, id: string, now: Date, body: string): string {
  const secrets = [endpoint.secret];
  if (
    endpoint.previous_secret &&
    endpoint.previous_secret_until &&
    endpoint.previous_secret_until > now.toISOString()
  ) {
    secrets.push(endpoint.previous_secret);
  }
  return secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(" ");
}

/** A SELECT of an endpoint that has not been removed, with its secrets, as JSON: an `Endpoint`. @param id SQL for its id. */
export const selectEndpoint = (id: string): string => `
  SELECT json_object('id', w.id, 'url', w.url, 'active', w.active, 'secret', w.secret,
                     'previous_secret', w.previous_secret, 'previous_secret_until', w.previous_secret_until,
                     'failing_since', w.failing_since) AS endpoint
  FROM webhook_endpoints w WHERE w.id = ${id} AND w.deleted_at IS NULL`;

/**
 * Makes one signed POST (Standard Webhooks) and reads no more of the answer than is kept. A connection that fails is an
 * outcome; what else goes wrong is thrown, since it is not the receiver's fault.
 *
 * @param id the delivery's id on the wire.
 */
export async function postEvent(
  ctx: DeliveryContext,
  endpoint: Endpoint,
  id: string,
  payload: EventPayload,
): Promise<Outcome> {
  if (!isAllowedTarget(endpoint.url, ctx.env.ALLOW_LOCAL_TARGETS)) {
    return { result: "failed", error: "address not allowed" };
  }
  const now = ctx.now();
  const body = webhookBody(id, payload);
  const headers = {
    "content-type": "application/json",
    "user-agent": "shopfloor-tickets",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": signatures(endpoint, id, now, body),
  };
  return ctx.connections(async () => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await ctx
      .fetch(endpoint.url, { method: "POST", redirect: "manual", signal, headers, body })
      .catch(() => null);
    if (!response) return { result: "retry", error: signal.aborted ? "no answer within 15 s" : "connection failed" };
    const kept = { http_status: response.status, response: await readBeginning(response) };
    if (response.ok) return { ...kept, result: "delivered" };
    return {
      ...kept,
      result: response.status === 410 ? "failed" : "retry",
      error: `answered ${response.status}`,
      retryAfterSeconds: [429, 503].includes(response.status)
        ? retryAfterSeconds(response.headers.get("retry-after"), now)
        : null,
    };
  });
}
