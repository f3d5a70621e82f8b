import type { ActorContext } from "../context.ts";
import { type Answer, claimOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { createConnections } from "../outgoing/connections.ts";
import { AppError } from "../problem.ts";
import { type Endpoint, postEvent, selectEndpoint } from "./send.ts";

/**
 * Sends a test event to an endpoint while the administrator waits, also to one that is switched off. Once per
 * idempotency key.
 *
 * @returns 200 with what the endpoint has answered.
 * @throws AppError `webhook_not_found`, and as `claimOnce` does.
 */
export const tryOutWebhook = (ctx: ActorContext, id: number, record: IdempotencyRecord | null): Promise<Answer> =>
  claimOnce(ctx, record, {
    status: 200,
    needs: [ctx.env.DB.prepare(selectEndpoint("?")).bind(id)],
    async run([found]) {
      const [row] = (found?.results ?? []) as { endpoint: string }[];
      if (!row) throw new AppError("webhook_not_found");
      const endpoint = JSON.parse(row.endpoint) as Endpoint;
      const payload = { type: "webhook.test", timestamp: ctx.now().toISOString(), data: {} };
      const context = { ...ctx, connections: createConnections() };
      const outcome = await postEvent(context, endpoint, `test_${ctx.requestId}`, payload);
      const { http_status = null, error = null, response = null } = outcome;
      return { body: { delivered: outcome.result === "delivered", http_status, error, response } };
    },
  });
