import { eq } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { push_subscriptions } from "../db/schema.ts";
import { createConnections } from "../deliveries/job.ts";
import { notification } from "./notification.ts";
import { sendToDevices } from "./send.ts";

const TTL_SECONDS = 60;
const CONNECTIONS = 5;

/** Sends a test notification to the actor's own devices and says how each fared. Dead devices are removed. */
export async function tryOutPush(ctx: ActorContext) {
  const devices = await ctx.db.select().from(push_subscriptions).where(eq(push_subscriptions.user_id, ctx.actor.id));
  const message = notification(
    `test_${ctx.requestId}`,
    { type: "push.test", timestamp: ctx.now().toISOString() },
    ctx.actor.language ?? ctx.env.DEFAULT_LOCALE,
  );
  const context = { ...ctx, connections: createConnections(CONNECTIONS) };
  const results = await sendToDevices(context, devices, message, TTL_SECONDS);
  for (const { status, subscription_id } of results) {
    if (status === "expired") await ctx.db.delete(push_subscriptions).where(eq(push_subscriptions.id, subscription_id));
  }
  return {
    results: results.map(({ subscription_id, status, http_status, error_message }) => ({
      subscription_id,
      device_name: devices.find((device) => device.id === subscription_id)?.device_name ?? null,
      status,
      http_status,
      error_message,
    })),
  };
}
