import type { Context } from "../context.ts";
import { enqueue } from "../deliveries/outbox.ts";

/** Fields of a customer that are sent to Stripe. */
const FIELDS = ["name", "company", "email", "phone", "language"] as const;
type Field = (typeof FIELDS)[number];

export const SYNC_TARGET = "stripe:customers";
export const SYNC_EVENT = "customer.sync";

/** What a job carries: the customer is read again when it is sent. */
export interface SyncPayload {
  customer_id: number;
}

const isConfigured = (ctx: Context): boolean => ctx.env.STRIPE_SECRET_KEY !== undefined;

/**
 * A statement that enqueues the sync of customers: one job each, brought up to date where it exists. Making Stripe
 * agree with a customer who is gone here means removing the one at Stripe, so that is the same job: its one lease and
 * its generation keep the two from ever running side by side.
 *
 * @param from what follows FROM, with a WHERE: rows `c` whose `id` is the customer's.
 * @returns rows `{id}` of the deliveries.
 */
export const enqueueSync = (ctx: Context, from: string, params: unknown[]): D1PreparedStatement =>
  enqueue(
    ctx,
    `SELECT 'stripe' AS channel, '${SYNC_TARGET}' AS target, 'customer:' || c.id AS subject,
            '${SYNC_EVENT}' AS event_type, json_object('customer_id', c.id) AS payload FROM ${from}`,
    params,
  );

/** For the batch that adds a customer, after the row. Empty while Stripe is not configured. */
export const syncCreated = (ctx: Context, newest: string): D1PreparedStatement[] =>
  isConfigured(ctx) ? [enqueueSync(ctx, `customers c WHERE c.id = ${newest}`, [])] : [];

/**
 * For the batch that changes a customer, before the change: enqueues the sync when the row is about to get another
 * value in a field that Stripe knows. Empty while Stripe is not configured.
 *
 * @param guard the condition of the change itself, on `c`.
 */
export function syncIfChanged(
  ctx: Context,
  id: number,
  changes: Partial<Record<Field, string | null>>,
  guard: { sql: string; params: unknown[] } = { sql: "true", params: [] },
): D1PreparedStatement[] {
  const changed = FIELDS.filter((field) => changes[field] !== undefined);
  if (!isConfigured(ctx) || changed.length === 0) return [];
  const differs = changed.map((field) => `c.${field} IS NOT ?`).join(" OR ");
  return [
    enqueueSync(ctx, `customers c WHERE c.id = ? AND c.erased_at IS NULL AND (${guard.sql}) AND (${differs})`, [
      id,
      ...guard.params,
      ...changed.map((field) => changes[field]),
    ]),
  ];
}

/**
 * For the batch that removes a customer or makes the person anonymous: forgets what was asked of Stripe in their name,
 * and enqueues the removal at Stripe where there may be something to remove.
 *
 * @param when a condition on the removal; it may use `?1`, the customer's id.
 * @returns statements; only the last one answers with rows `{id}`.
 */
export function syncGone(ctx: Context, id: number, when = "true"): D1PreparedStatement[] {
  const forget = ctx.env.DB.prepare(
    `UPDATE stripe_creations SET parameters = '{}' WHERE customer_id = ?1 AND (${when})`,
  ).bind(id);
  if (!isConfigured(ctx)) return [forget];
  return [
    forget,
    enqueueSync(
      ctx,
      `(SELECT CAST(? AS INTEGER) AS id) c WHERE (${when.replaceAll("?1", "c.id")}) AND (
         EXISTS (SELECT 1 FROM external_links l WHERE l.kind = 'stripe_customer' AND l.local_id = c.id)
         OR EXISTS (SELECT 1 FROM stripe_creations s WHERE s.customer_id = c.id)
         OR EXISTS (SELECT 1 FROM deliveries d WHERE d.channel = 'stripe' AND d.target = '${SYNC_TARGET}'
                      AND d.subject = 'customer:' || c.id AND d.event_type = '${SYNC_EVENT}'
                      AND d.status IN ('pending', 'processing')))`,
      [id],
    ),
  ];
}
