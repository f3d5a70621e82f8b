import type { RequestContext } from "../context.ts";
import { createConnections } from "../outgoing/connections.ts";
import { AppError } from "../problem.ts";
import { findEndpoint, postEvent } from "./send.ts";

/**
 * Sends a test event to an endpoint while the administrator waits, also to one that is switched off.
 *
 * @throws AppError `webhook_not_found`.
 */
export async function tryOutWebhook(ctx: RequestContext, id: number) {
  const endpoint = await findEndpoint(ctx, id);
  if (!endpoint) throw new AppError("webhook_not_found");
  const wireId = `test_${ctx.requestId}`;
  const payload = { type: "webhook.test", timestamp: ctx.now().toISOString(), data: {} };
  const outcome = await postEvent({ ...ctx, connections: createConnections() }, endpoint, wireId, payload);
  return {
    delivered: outcome.result === "delivered",
    http_status: outcome.http_status ?? null,
    error: outcome.error ?? null,
    response: outcome.response ?? null,
  };
}
