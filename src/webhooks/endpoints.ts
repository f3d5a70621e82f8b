import { and, asc, gt, isNull, sql } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { assignments, joined } from "../db/fragment.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import { webhook_endpoints } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { isWebAddress } from "../http/schemas.ts";
import { seal, unsealed } from "../http/sealed.ts";
import { isAllowedTarget } from "../outgoing/targets.ts";
import { AppError } from "../problem.ts";
import type { WebhookEvent } from "../vocabulary/events.ts";
import type { CreateWebhookInput, UpdateWebhookInput } from "./schemas.ts";

const SECRET_BYTES = 24;
/** Endpoints there may be (contract section 1): each event is a delivery to every one that listens. */
export const WEBHOOKS_MAX = 50;
const HAS_ROOM = hasRoom("webhook_endpoints WHERE deleted_at IS NULL", WEBHOOKS_MAX);
const INSERT = `
  INSERT INTO webhook_endpoints (url, events, description, active, secret, created_at, updated_at)
  VALUES (iif(${HAS_ROOM}, ?1, NULL), ?2, ?3, ?4, ?5, ?6, ?6)`;
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

const shownColumns = { ...columns, events: sql`json(${webhook_endpoints.events})` };
const PRESENT = "id = ? AND deleted_at IS NULL";
const CHANGED = selectAnswer("webhook", shownColumns, `webhook_endpoints WHERE ${PRESENT}`);
// The secret is sealed, since the answer is kept for a repeat.
const answerWithSecret = (where: string) =>
  selectAnswer(
    "webhook",
    { ...shownColumns, secret: sql`sealed.secret` },
    `webhook_endpoints, (SELECT ? AS secret) sealed
    WHERE ${where}`,
  );
const CREATED = answerWithSecret(`id = ${newestId("webhook_endpoints")}`);
const ROTATED = answerWithSecret(PRESENT);

function checkTarget(ctx: Context, url: string): void {
  if (!isWebAddress(url) || !isAllowedTarget(url, ctx.env.ALLOW_LOCAL_TARGETS)) {
    throw new AppError("target_not_allowed", { errors: [{ path: "url", message: "must be https to a public host" }] });
  }
}

/** A page of webhook endpoints, oldest first, without their secrets. */
export async function listWebhooks(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeId("webhooks", query.cursor);
  const rows = await ctx.db
    .select(columns)
    .from(webhook_endpoints)
    .where(and(isNull(webhook_endpoints.deleted_at), after ? gt(webhook_endpoints.id, after) : undefined))
    .orderBy(asc(webhook_endpoints.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("webhooks", rows, query.limit);
  return { webhooks: page.map(shown), next_cursor };
}

/**
 * Adds an endpoint, once per idempotency key; its secret is in this answer and never again.
 *
 * @returns 201 with `{"webhook": ...}`.
 * @throws AppError `target_not_allowed`, `too_many`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function createWebhook(
  ctx: ActorContext,
  input: CreateWebhookInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  checkTarget(ctx, input.url);
  const now = ctx.now().toISOString();
  const secret = newSecret();
  const insert = ctx.env.DB.prepare(INSERT).bind(
    input.url,
    JSON.stringify(input.events),
    input.description,
    Number(input.active),
    secret,
    now,
  );
  const answer = await batchOnce(ctx, record, {
    status: 201,
    statements: [insert],
    select: CREATED,
    params: [await seal(ctx.env, secret)],
    refusal: (error) => (isNotNullViolation(error, "webhook_endpoints.url") ? tooMany(WEBHOOKS_MAX) : null),
  });
  return unsealed(ctx.env, answer, "webhook", "secret");
}

/**
 * Changes an endpoint, once per idempotency key. Switching it on clears what had switched it off.
 *
 * @returns 200 with `{"webhook": ...}`.
 * @throws AppError `webhook_not_found`, `target_not_allowed`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function updateWebhook(
  ctx: ActorContext,
  id: number,
  input: UpdateWebhookInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  if (input.url !== undefined) checkTarget(ctx, input.url);
  const set = joined(
    ", ",
    assignments({
      url: input.url,
      description: input.description,
      events: input.events && JSON.stringify(input.events),
      active: input.active === undefined ? undefined : Number(input.active),
      ...(input.active && { disabled_reason: null, failing_since: null }),
      updated_at: ctx.now().toISOString(),
    }),
  );
  const update = ctx.env.DB.prepare(`UPDATE webhook_endpoints SET ${set.sql} WHERE ${PRESENT}`).bind(...set.params, id);
  return batchOnce(ctx, record, {
    status: 200,
    statements: [update],
    select: CHANGED,
    params: [id],
    missing: "webhook_not_found",
  });
}

/**
 * Removes an endpoint; what was on its way to it fails visibly.
 *
 * @throws AppError `webhook_not_found`.
 */
export async function deleteWebhook(ctx: Context, id: number): Promise<void> {
  const now = ctx.now().toISOString();
  const { meta } = await ctx.env.DB.prepare(
    `UPDATE webhook_endpoints SET active = 0, deleted_at = ?, updated_at = ? WHERE ${PRESENT}`,
  )
    .bind(now, now, id)
    .run();
  if (meta.changes === 0) throw new AppError("webhook_not_found");
}

/**
 * Gives an endpoint a new secret, once per idempotency key. The old one goes on signing for a day, so that no delivery
 * fails meanwhile.
 *
 * @returns 200 with `{"webhook": ...}`, the new secret in it.
 * @throws AppError `webhook_not_found`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function rotateSecret(ctx: ActorContext, id: number, record: IdempotencyRecord | null): Promise<Answer> {
  const now = ctx.now();
  const secret = newSecret();
  const until = new Date(now.getTime() + ROTATION_HOURS * 60 * 60_000);
  const update = ctx.env.DB.prepare(
    `UPDATE webhook_endpoints SET secret = ?, previous_secret = secret, previous_secret_until = ?, updated_at = ?
     WHERE ${PRESENT}`,
  ).bind(secret, until.toISOString(), now.toISOString(), id);
  const answer = await batchOnce(ctx, record, {
    status: 200,
    statements: [update],
    select: ROTATED,
    params: [await seal(ctx.env, secret), id],
    missing: "webhook_not_found",
  });
  return unsealed(ctx.env, answer, "webhook", "secret");
}
