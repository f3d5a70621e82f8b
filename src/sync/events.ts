import Stripe from "stripe";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../problem.ts";
import { boundedInstant } from "../time/bounds.ts";

/** How long a signature is valid, in seconds (Stripe's own default). */
const TOLERANCE_SECONDS = 300;

const Event = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  created: z.int().refine((seconds) => boundedInstant(seconds * 1000) !== null),
  data: z.object({
    object: z.object({
      id: z.string().min(3).max(255).optional(),
      metadata: z.record(z.string(), z.string()).nullish(),
    }),
  }),
});
type Event = z.output<typeof Event>;

/** @throws AppError `stripe_signature_invalid`. */
async function verified(ctx: Context, secret: string, body: string, signature: string | undefined): Promise<unknown> {
  try {
    return await Stripe.webhooks.constructEventAsync(
      body,
      signature ?? "",
      secret,
      TOLERANCE_SECONDS,
      Stripe.createSubtleCryptoProvider(),
      ctx.now().getTime(),
    );
  } catch {
    throw new AppError("stripe_signature_invalid");
  }
}

/**
 * Takes an event from Stripe: stored once by its id, and with it, in one batch, what it says about a customer's link.
 *
 * @param body the raw body, which the signature is over.
 * @throws AppError `stripe_not_configured`, `stripe_signature_invalid`.
 */
export async function receiveEvent(ctx: Context, body: string, signature: string | undefined): Promise<void> {
  const { STRIPE_WEBHOOK_SECRET: secret, DB } = ctx.env;
  if (secret === undefined) {
    throw new AppError("stripe_not_configured", { params: { setting: "STRIPE_WEBHOOK_SECRET" } });
  }
  const parsed = Event.safeParse(await verified(ctx, secret, body, signature));
  // Stripe may send anything; what does not have the shape of an event about an object is ignored.
  if (!parsed.success) return;
  const event = parsed.data;
  const receipt = crypto.randomUUID();
  await DB.batch([
    DB.prepare(
      `INSERT INTO stripe_events (id, type, object_id, created, receipt, received_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    ).bind(event.id, event.type, event.data.object.id ?? null, event.created, receipt, ctx.now().toISOString()),
    ...effectsOf(ctx, event, receipt),
  ]);
}

/** The statements that keep the link true. They act for the one request that has stored the event. */
function effectsOf(ctx: Context, event: Event, receipt: string): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const { id: remoteId, metadata } = event.data.object;
  if (remoteId === undefined) return [];
  const customerId = /^[1-9][0-9]{0,14}$/.test(metadata?.customer_id ?? "") ? Number(metadata?.customer_id) : null;
  const stored = "EXISTS (SELECT 1 FROM stripe_events e WHERE e.id = ?1 AND e.receipt = ?2)";
  if (event.type === "customer.deleted") {
    return [
      DB.prepare(`DELETE FROM external_links WHERE kind = 'stripe_customer' AND remote_id = ?3 AND ${stored}`).bind(
        event.id,
        receipt,
        remoteId,
      ),
      // Repeating its creation under the same key would only bring the deleted one back.
      DB.prepare(`UPDATE stripe_creations SET is_spent = 1 WHERE customer_id = ?3 AND ${stored}`).bind(
        event.id,
        receipt,
        customerId,
      ),
    ];
  }
  if (event.type !== "customer.updated" || customerId === null) return [];
  // Events come in any order: an older one than what is known says nothing, nor does any about what was deleted. Nobody
  // is linked who is gone here, and no link is given up for a customer who cannot have it.
  const linkable = `EXISTS (SELECT 1 FROM customers WHERE id = ?5 AND erased_at IS NULL) AND ${stored} AND NOT EXISTS (
    SELECT 1 FROM stripe_events e WHERE e.object_id = ?3 AND (e.type = 'customer.deleted' OR e.created > ?4))`;
  const params = [event.id, receipt, remoteId, event.created, customerId, ctx.now().toISOString()];
  return [
    DB.prepare(
      `UPDATE OR IGNORE external_links SET local_id = ?5, linked_at = ?6
       WHERE kind = 'stripe_customer' AND remote_id = ?3 AND local_id <> ?5 AND ${linkable}`,
    ).bind(...params),
    DB.prepare(
      `INSERT INTO external_links (kind, local_id, remote_id, linked_at)
       SELECT 'stripe_customer', ?5, ?3, ?6 WHERE ${linkable}
       ON CONFLICT DO NOTHING`,
    ).bind(...params),
  ];
}
