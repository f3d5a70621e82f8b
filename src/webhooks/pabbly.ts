import type { Context } from "../context.ts";
import type { Prelude } from "../db/checked-database.ts";
import type { Env } from "../env.ts";
import { isAllowedTarget } from "../outgoing/targets.ts";
import type { WebhookEvent } from "../vocabulary/events.ts";
import { newSecret } from "./endpoints.ts";

const SOURCE = "PABBLY_WEBHOOK_URL";
const EVENTS: WebhookEvent[] = ["ticket.created", "notification.fallback", "customer.notify"];

// Where it is as it should be already nothing is written.
const ENSURE = `
  INSERT INTO webhook_endpoints (url, description, events, secret, source, created_at, updated_at)
  SELECT ?1, 'Pabbly', ?2, ?3, '${SOURCE}', ?4, ?4
  WHERE NOT EXISTS (SELECT 1 FROM webhook_endpoints WHERE source = '${SOURCE}' AND (deleted_at IS NOT NULL OR url = ?1))
  ON CONFLICT (source) DO UPDATE SET url = excluded.url, updated_at = excluded.updated_at`;

// Isolates, by their settings, that know of the endpoint.
const ready = new WeakSet<Env>();

/**
 * What sees to it that the endpoint of PABBLY_WEBHOOK_URL exists before anything is enqueued, in the first trip of an
 * isolate; null where that has been seen to. The endpoint is made once; a changed address is followed, and one that an
 * administrator removed stays removed.
 */
export function pabblyEndpoint(ctx: Context): Prelude | null {
  const { env } = ctx;
  const url = env.PABBLY_WEBHOOK_URL;
  if (!url || ready.has(env)) return null;
  const done = () => void ready.add(env);
  if (!isAllowedTarget(url, env.ALLOW_LOCAL_TARGETS)) {
    ctx.log.error("pabbly_address_not_allowed");
    done();
    return null;
  }
  const statement = () => {
    const now = ctx.now().toISOString();
    return env.DB.prepare(ENSURE).bind(url, JSON.stringify(EVENTS), newSecret(), now);
  };
  return { statement, done };
}

/** The same by itself, for events that are no requests. */
export async function pabblyEndpointReady(ctx: Context): Promise<void> {
  const prelude = pabblyEndpoint(ctx);
  await prelude?.statement().run();
  prelude?.done();
}
