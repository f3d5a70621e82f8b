import type { ActorContext } from "../context.ts";
import { type Answer, claimOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { createConnections } from "../outgoing/connections.ts";
import { deviceEffects, withNormalEndpoints } from "./devices.ts";
import { notification } from "./notification.ts";
import { DEVICES_PER_USER } from "./schemas.ts";
import { type Device, sendToDevices } from "./send.ts";

const TTL_SECONDS = 60;

const DEVICES = `
  SELECT id, endpoint, p256dh, auth, device_name FROM push_subscriptions WHERE user_id = ?
  ORDER BY last_used_at DESC, id DESC LIMIT ${DEVICES_PER_USER}`;

/**
 * Sends a test notification to the actor's own devices. Dead devices are removed. Once per idempotency key.
 *
 * @returns 200 with how each device fared.
 * @throws AppError as `claimOnce` does.
 */
export const tryOutPush = (ctx: ActorContext, record: IdempotencyRecord | null): Promise<Answer> =>
  claimOnce(ctx, record, {
    status: 200,
    needs: [ctx.env.DB.prepare(DEVICES).bind(ctx.actor.id)],
    async run([found]) {
      const rows = (found?.results ?? []) as (Device & { device_name: string | null })[];
      const names = new Map(rows.map(({ id, device_name }) => [id, device_name]));
      const devices = await withNormalEndpoints(ctx, rows);
      const message = notification(
        `test_${ctx.requestId}`,
        { type: "push.test", timestamp: ctx.now().toISOString() },
        ctx.actor.language ?? ctx.env.DEFAULT_LOCALE,
      );
      const context = { ...ctx, connections: createConnections() };
      const sent = await sendToDevices(context, devices, message, TTL_SECONDS);
      const results = sent.map(({ subscription_id, status, http_status, error_message }) => ({
        subscription_id,
        device_name: names.get(subscription_id) ?? null,
        status,
        http_status,
        error_message,
      }));
      return { body: { results }, effects: deviceEffects(ctx, devices, sent) };
    },
  });
