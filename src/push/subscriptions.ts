import { desc, eq, sql } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import { push_subscriptions } from "../db/schema.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { endpointDigest, pushEndpoint } from "./endpoint.ts";
import { areUsableKeys } from "./keys.ts";
import { DEVICES_PER_USER, type SubscribeInput } from "./schemas.ts";

/** How long an endpoint which a push service has called gone is refused. */
const EXPIRED_MS = 90 * 24 * 60 * 60_000;
/** Endpoints forgotten in one night: far more than any shop's devices. */
const FORGOTTEN_ROWS = 1500;

const expiredSince = (ctx: Context): string => new Date(ctx.now().getTime() - EXPIRED_MS).toISOString();

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

const NOT_EXPIRED = "NOT EXISTS (SELECT 1 FROM expired_push_endpoints WHERE endpoint_digest = ? AND expired_at >= ?)";
const { endpoint: _, ...openColumns } = columns;
const SUBSCRIBED = selectAnswer(
  "subscription",
  { ...openColumns, push_service: sql`host.push_service` },
  `push_subscriptions, (SELECT ? AS push_service) host WHERE endpoint = ? AND ${NOT_EXPIRED}`,
);

/**
 * Registers a device, or renews it. A device that belonged to someone else now belongs to the sender: phones are
 * handed on, and the new holder must not see the old one's tickets.
 *
 * @returns 201 with `{"subscription": ...}`, once per idempotency key.
 * @throws AppError `push_service_not_allowed`, `subscription_keys_invalid`; `subscription_expired` for an endpoint that
 *   its push service has called gone; `idempotency_key_reused`, `database_unavailable`.
 */
export async function subscribe(
  ctx: ActorContext,
  input: SubscribeInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const { keys } = input.subscription;
  const endpoint = pushEndpoint(input.subscription.endpoint, ctx.env);
  if (!endpoint) throw new AppError("push_service_not_allowed");
  if (!(await areUsableKeys(keys))) throw new AppError("subscription_keys_invalid");
  const now = ctx.now().toISOString();
  const { DB } = ctx.env;
  const alive = [endpointDigest(endpoint), expiredSince(ctx)];
  const statements = [
    DB.prepare(
      `INSERT INTO push_subscriptions (user_id, session_id, endpoint, p256dh, auth, device_name, created_at, last_used_at)
       SELECT ?, ?, ?, ?, ?, ?, ?, ?
       WHERE ${NOT_EXPIRED}
       ON CONFLICT (endpoint) DO UPDATE SET
         user_id = excluded.user_id, session_id = excluded.session_id, p256dh = excluded.p256dh, auth = excluded.auth,
         device_name = excluded.device_name, last_used_at = excluded.last_used_at,
         -- A device in other hands is another device.
         created_at = iif(user_id = excluded.user_id, created_at, excluded.created_at)`,
    ).bind(ctx.actor.id, ctx.actor.sessionId, endpoint, keys.p256dh, keys.auth, input.device_name, now, now, ...alive),
    DB.prepare(
      `DELETE FROM push_subscriptions WHERE id IN
         (SELECT id FROM push_subscriptions WHERE user_id = ? ORDER BY last_used_at DESC, id DESC
          LIMIT -1 OFFSET ${DEVICES_PER_USER})`,
    ).bind(ctx.actor.id),
  ];
  const params = [new URL(endpoint).host, endpoint, ...alive];
  return batchOnce(ctx, record, {
    status: 201,
    statements,
    select: SUBSCRIBED,
    params,
    missing: "subscription_expired",
  });
}

/** The actor's own devices, the last used first. */
export async function listSubscriptions(ctx: ActorContext) {
  const rows = await ctx.db
    .select(columns)
    .from(push_subscriptions)
    .where(eq(push_subscriptions.user_id, ctx.actor.id))
    .orderBy(desc(push_subscriptions.last_used_at), desc(push_subscriptions.id))
    .limit(DEVICES_PER_USER);
  return { subscriptions: rows.map(shown), next_cursor: null };
}

/**
 * Removes one of the actor's own devices.
 *
 * @throws AppError `subscription_not_found`, also for someone else's.
 */
export async function unsubscribe(ctx: ActorContext, id: number): Promise<void> {
  const { meta } = await ctx.env.DB.prepare("DELETE FROM push_subscriptions WHERE id = ? AND user_id = ?")
    .bind(id, ctx.actor.id)
    .run();
  if (meta.changes === 0) throw new AppError("subscription_not_found");
}

/**
 * Forgets the endpoints that are refused no longer.
 *
 * @returns whether more are left than one run forgets: then call again.
 */
export async function forgetExpiredEndpoints(ctx: Context): Promise<boolean> {
  const { meta } = await ctx.env.DB.prepare(
    `DELETE FROM expired_push_endpoints WHERE endpoint_digest IN
       (SELECT endpoint_digest FROM expired_push_endpoints WHERE expired_at < ? LIMIT ${FORGOTTEN_ROWS})`,
  )
    .bind(expiredSince(ctx))
    .run();
  return meta.changes >= FORGOTTEN_ROWS;
}
