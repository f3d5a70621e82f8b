import { env } from "cloudflare:workers";
import type { WebhookEvent } from "../../src/vocabulary/events.ts";
import { queryAll } from "../helpers.ts";

export interface Job {
  id: number;
  channel: string;
  target: string;
  subject: string;
  event_type: string;
  payload: string;
}

/** Where the outbox stands now: `since` shows what is added later. */
export async function mark(): Promise<number> {
  const [row] = await queryAll<{ id: number | null }>("SELECT MAX(id) AS id FROM deliveries");
  return row?.id ?? 0;
}

/** Jobs of one channel that were put into the outbox after a mark, in order. */
export const since = (after: number, channel: "push" | "webhook"): Promise<Job[]> =>
  queryAll(
    `SELECT id, channel, target, subject, event_type, payload FROM deliveries WHERE id > ? AND channel = ?
     ORDER BY target, event_type`,
    after,
    channel,
  );

/** Adds a webhook endpoint that listens to these events; returns the `target` of its jobs. */
export async function endpoint(events: WebhookEvent[], active = true): Promise<string> {
  const row = await env.DB.prepare(
    `INSERT INTO webhook_endpoints (url, events, active, secret, created_at, updated_at)
     VALUES ('https://hooks.example/in', ?, ?, 'whsec_x', '', '') RETURNING id`,
  )
    .bind(JSON.stringify(events), active ? 1 : 0)
    .first<{ id: number }>();
  return `webhook:${row?.id}`;
}
