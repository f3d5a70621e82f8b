import { and, desc, eq } from "drizzle-orm";
import type { ActorContext } from "../context.ts";
import { push_subscriptions } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import { isAllowedPushEndpoint } from "./endpoint.ts";
import type { SubscribeInput } from "./schemas.ts";

/** Devices that one person may have; the longest unused makes room. */
const DEVICES_PER_USER = 10;

interface Row {
  id: number;
  endpoint: string;
  device_name: string | null;
  created_at: string;
  last_used_at: string;
}

// The endpoint is a capability to buzz the phone, so only its host is ever shown.
const shown = ({ endpoint, ...row }: Row) => ({ ...row, push_service: new URL(endpoint).host });

const columns = {
  id: push_subscriptions.id,
  endpoint: push_subscriptions.endpoint,
  device_name: push_subscriptions.device_name,
  created_at: push_subscriptions.created_at,
  last_used_at: push_subscriptions.last_used_at,
};

/**
 * Registers a device, or renews it. A device that belonged to someone else now belongs to the sender: phones are
 * handed on, and the new holder must not see the old one's tickets.
 *
 * @throws AppError `push_service_not_allowed`.
 */
export async function subscribe(ctx: ActorContext, input: SubscribeInput) {
  const { endpoint, keys } = input.subscription;
  if (!isAllowedPushEndpoint(endpoint, ctx.env)) throw new AppError("push_service_not_allowed");
  const now = ctx.now().toISOString();
  const { DB } = ctx.env;
  const [inserted] = await DB.batch<Row>([
    DB.prepare(
      `INSERT INTO push_subscriptions (user_id, session_id, endpoint, p256dh, auth, device_name, created_at, last_used_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
       ON CONFLICT (endpoint) DO UPDATE SET
         user_id = excluded.user_id, session_id = excluded.session_id, p256dh = excluded.p256dh, auth = excluded.auth,
         device_name = excluded.device_name, last_used_at = excluded.last_used_at,
         -- A device in other hands is another device.
         created_at = iif(user_id = excluded.user_id, created_at, excluded.created_at)
       RETURNING id, endpoint, device_name, created_at, last_used_at`,
    ).bind(ctx.actor.id, ctx.actor.sessionId, endpoint, keys.p256dh, keys.auth, input.device_name, now),
    DB.prepare(
      `DELETE FROM push_subscriptions WHERE id IN
         (SELECT id FROM push_subscriptions WHERE user_id = ? ORDER BY last_used_at DESC, id DESC
          LIMIT -1 OFFSET ${DEVICES_PER_USER})`,
    ).bind(ctx.actor.id),
  ]);
  return shown(inserted?.results[0] as Row);
}

/** The actor's own devices, the last used first. */
export async function listSubscriptions(ctx: ActorContext) {
  const rows = await ctx.db
    .select(columns)
    .from(push_subscriptions)
    .where(eq(push_subscriptions.user_id, ctx.actor.id))
    .orderBy(desc(push_subscriptions.last_used_at), desc(push_subscriptions.id));
  return { subscriptions: rows.map(shown), next_cursor: null };
}

/**
 * Removes one of the actor's own devices.
 *
 * @throws AppError `subscription_not_found`, also for someone else's.
 */
export async function unsubscribe(ctx: ActorContext, id: number): Promise<void> {
  const rows = await ctx.db
    .delete(push_subscriptions)
    .where(and(eq(push_subscriptions.id, id), eq(push_subscriptions.user_id, ctx.actor.id)))
    .returning({ id: push_subscriptions.id });
  if (rows.length === 0) throw new AppError("subscription_not_found");
}

/** Removes the devices that the actor's session has registered. */
export async function removeSessionDevices(ctx: ActorContext): Promise<void> {
  if (ctx.actor.sessionId === null) return;
  await ctx.db.delete(push_subscriptions).where(eq(push_subscriptions.session_id, ctx.actor.sessionId));
}
