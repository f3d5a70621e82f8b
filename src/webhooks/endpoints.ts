import { and, asc, eq, gt, isNull } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { webhook_endpoints } from "../db/schema.ts";
import { isAllowedTarget } from "../deliveries/targets.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import type { WebhookEvent } from "../tickets/events.ts";
import type { CreateWebhookInput, UpdateWebhookInput } from "./schemas.ts";

const SECRET_BYTES = 24;
/** Hours that the old secret goes on signing after a rotation. */
const ROTATION_HOURS = 24;

/** A fresh Standard Webhooks secret. */
export const newSecret = (): string =>
  `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64")}`;

const columns = {
  id: webhook_endpoints.id,
  url: webhook_endpoints.url,
  events: webhook_endpoints.events,
  description: webhook_endpoints.description,
  active: webhook_endpoints.active,
  disabled_reason: webhook_endpoints.disabled_reason,
  failing_since: webhook_endpoints.failing_since,
  created_at: webhook_endpoints.created_at,
  updated_at: webhook_endpoints.updated_at,
};

const shown = <Row extends { events: string }>(row: Row) => ({
  ...row,
  events: JSON.parse(row.events) as WebhookEvent[],
});

const present = (id: number) => and(eq(webhook_endpoints.id, id), isNull(webhook_endpoints.deleted_at));

function found<Row>(rows: Row[]): Row {
  const [row] = rows;
  if (!row) throw new AppError("webhook_not_found");
  return row;
}

function checkTarget(ctx: Context, url: string): void {
  if (!isAllowedTarget(url, ctx.env.ALLOW_LOCAL_TARGETS)) {
    throw new AppError("target_not_allowed", { errors: [{ path: "url", message: "must be https to a public host" }] });
  }
}

/** A page of webhook endpoints, oldest first, without their secrets. */
export async function listWebhooks(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const rows = await ctx.db
    .select(columns)
    .from(webhook_endpoints)
    .where(and(isNull(webhook_endpoints.deleted_at), after ? gt(webhook_endpoints.id, after[0]) : undefined))
    .orderBy(asc(webhook_endpoints.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { webhooks: page.map(shown), next_cursor };
}

/**
 * Adds an endpoint; its secret is in this answer and never again.
 *
 * @throws AppError `target_not_allowed`.
 */
export async function createWebhook(ctx: Context, input: CreateWebhookInput) {
  checkTarget(ctx, input.url);
  const now = ctx.now().toISOString();
  const secret = newSecret();
  const rows = await ctx.db
    .insert(webhook_endpoints)
    .values({ ...input, events: JSON.stringify(input.events), secret, created_at: now, updated_at: now })
    .returning(columns);
  return { ...shown(found(rows)), secret };
}

/**
 * Changes an endpoint. Switching it on clears what had switched it off.
 *
 * @throws AppError `webhook_not_found`, `target_not_allowed`.
 */
export async function updateWebhook(ctx: Context, id: number, input: UpdateWebhookInput) {
  if (input.url !== undefined) checkTarget(ctx, input.url);
  const { events, ...fields } = input;
  const rows = await ctx.db
    .update(webhook_endpoints)
    .set({
      ...fields,
      ...(events && { events: JSON.stringify(events) }),
      ...(input.active && { disabled_reason: null, failing_since: null }),
      updated_at: ctx.now().toISOString(),
    })
    .where(present(id))
    .returning(columns);
  return shown(found(rows));
}

/**
 * Removes an endpoint; what was on its way to it fails visibly.
 *
 * @throws AppError `webhook_not_found`.
 */
export async function deleteWebhook(ctx: Context, id: number): Promise<void> {
  const now = ctx.now().toISOString();
  const rows = await ctx.db
    .update(webhook_endpoints)
    .set({ active: false, deleted_at: now, updated_at: now })
    .where(present(id))
    .returning({ id: webhook_endpoints.id });
  found(rows);
}

/**
 * Gives an endpoint a new secret. The old one goes on signing for a day, so that no delivery fails meanwhile.
 *
 * @throws AppError `webhook_not_found`.
 */
export async function rotateSecret(ctx: Context, id: number) {
  const now = ctx.now();
  const secret = newSecret();
  const rows = await ctx.db
    .update(webhook_endpoints)
    .set({
      secret,
      previous_secret: webhook_endpoints.secret,
      previous_secret_until: new Date(now.getTime() + ROTATION_HOURS * 60 * 60_000).toISOString(),
      updated_at: now.toISOString(),
    })
    .where(present(id))
    .returning(columns);
  return { ...shown(found(rows)), secret };
}
