import { desc, eq } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { push_subscriptions } from "../db/schema.ts";
import { createConnections } from "../outgoing/connections.ts";
import { deviceEffects, withNormalEndpoints } from "./devices.ts";
import { notification } from "./notification.ts";
import { DEVICES_PER_USER } from "./schemas.ts";
import { sendToDevices } from "./send.ts";

const TTL_SECONDS = 60;

/** Sends a test notification to the actor's own devices and says how each fared. Dead devices are removed. */
export async function tryOutPush(ctx: ActorContext) {
  const rows = await ctx.db
    .select()
    .from(push_subscriptions)
    .where(eq(push_subscriptions.user_id, ctx.actor.id))
    .orderBy(desc(push_subscriptions.last_used_at), desc(push_subscriptions.id))
    .limit(DEVICES_PER_USER);
  const names = new Map(rows.map(({ id, device_name }) => [id, device_name]));
  const devices = await withNormalEndpoints(ctx, rows);
  const message = notification(
    `test_${ctx.requestId}`,
    { type: "push.test", timestamp: ctx.now().toISOString() },
    ctx.actor.language ?? ctx.env.DEFAULT_LOCALE,
  );
  const context = { ...ctx, connections: createConnections() };
  const results = await sendToDevices(context, devices, message, TTL_SECONDS);
  const effects = deviceEffects(ctx, devices, results);
  if (effects.length > 0) await ctx.env.DB.batch(effects);
  return {
    results: results.map(({ subscription_id, status, http_status, error_message }) => ({
      subscription_id,
      device_name: names.get(subscription_id) ?? null,
      status,
      http_status,
      error_message,
    })),
  };
}
