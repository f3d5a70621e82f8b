import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { isAllowedTarget } from "../outgoing/targets.ts";
import type { WebhookEvent } from "../vocabulary/events.ts";
import { newSecret } from "./endpoints.ts";

const SOURCE = "PABBLY_WEBHOOK_URL";
const EVENTS: WebhookEvent[] = ["ticket.created", "notification.fallback", "customer.notify"];

const ready = new WeakMap<Env, Promise<void>>();

/**
 * Sees to it that the endpoint of PABBLY_WEBHOOK_URL exists before anything is enqueued: one look per isolate.
 * It is made once; a changed address is followed, and an endpoint that an administrator removed stays removed.
 */
export function pabblyEndpointReady(ctx: Context): Promise<void> {
  if (!ctx.env.PABBLY_WEBHOOK_URL) return Promise.resolve();
  let looked = ready.get(ctx.env);
  if (!looked) {
    looked = ensure(ctx, ctx.env.PABBLY_WEBHOOK_URL).catch((error: unknown) => {
      ready.delete(ctx.env);
      throw error;
    });
    ready.set(ctx.env, looked);
  }
  return looked;
}

async function ensure(ctx: Context, url: string): Promise<void> {
  if (!isAllowedTarget(url, ctx.env.ALLOW_LOCAL_TARGETS)) {
    ctx.log.error("pabbly_address_not_allowed");
    return;
  }
  const now = ctx.now().toISOString();
  await ctx.env.DB.prepare(
    `INSERT INTO webhook_endpoints (url, description, events, secret, source, created_at, updated_at)
     VALUES (?, 'Pabbly', ?, ?, '${SOURCE}', ?, ?)
     ON CONFLICT (source) DO UPDATE SET url = excluded.url, updated_at = excluded.updated_at
     WHERE deleted_at IS NULL AND url <> excluded.url`,
  )
    .bind(url, JSON.stringify(EVENTS), newSecret(), now, now)
    .run();
}
