import type { RequestContext } from "../context.ts";
import { createConnections } from "../outgoing/connections.ts";
import { AppError } from "../problem.ts";
import { type Endpoint, postEvent, selectEndpoint } from "./send.ts";

/**
 * Sends a test event to an endpoint while the administrator waits, also to one that is switched off.
 *
 * @throws AppError `webhook_not_found`.
 */
export async function tryOutWebhook(ctx: RequestContext, id: number) {
  const found = await ctx.env.DB.prepare(selectEndpoint("?")).bind(id).first<string>("endpoint");
  if (found === null) throw new AppError("webhook_not_found");
  const endpoint = JSON.parse(found) as Endpoint;
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
