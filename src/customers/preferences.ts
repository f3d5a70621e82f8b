import { eq } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { selectAnswer } from "../db/json.ts";
import { contact_preferences } from "../db/schema.ts";
import { optIn, selectAddresses } from "../emails/opt-out.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { notAccepted } from "../problem.ts";
import { aboutChangeable, aboutCustomer, findChangeable } from "./read.ts";
import type { ContactPreferences } from "./schemas.ts";

const preferenceColumns = {
  preferred_channel: contact_preferences.preferred_channel,
  allow_email: contact_preferences.allow_email,
  allow_sms: contact_preferences.allow_sms,
  allow_whatsapp: contact_preferences.allow_whatsapp,
  allow_phone: contact_preferences.allow_phone,
  quiet_from: contact_preferences.quiet_from,
  quiet_until: contact_preferences.quiet_until,
};

/** What holds until a customer's preferences are written: the defaults of the table. */
export const DEFAULT_PREFERENCES: ContactPreferences = {
  preferred_channel: "email",
  allow_email: true,
  allow_sms: true,
  allow_whatsapp: true,
  allow_phone: true,
  quiet_from: null,
  quiet_until: null,
};

/** A query of a customer's preferences: one row, or none. */
export const selectPreferences = (ctx: Context, customerId: number) =>
  ctx.db.select(preferenceColumns).from(contact_preferences).where(eq(contact_preferences.customer_id, customerId));

/**
 * How a customer wants to be reached.
 *
 * @throws AppError `customer_unknown`.
 */
export async function getContactPreferences(ctx: Context, customerId: number): Promise<ContactPreferences> {
  const [row] = await aboutCustomer(ctx, customerId, selectPreferences(ctx, customerId));
  return row ?? DEFAULT_PREFERENCES;
}

const PREFERENCES = Object.keys(preferenceColumns) as (keyof ContactPreferences)[];

const SELECT_PREFERENCES = selectAnswer(
  "contact_preferences",
  preferenceColumns,
  "contact_preferences WHERE customer_id = ?",
);

/**
 * Replaces a customer's preferences, once per idempotency key. Allowing e-mail again lifts the opt-outs of their
 * addresses, in the same batch.
 *
 * @returns 200 with `{"contact_preferences": ...}`.
 * @throws AppError `customer_unknown`, `customer_erased`, `value_not_accepted`, `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export function putContactPreferences(
  ctx: ActorContext,
  customerId: number,
  input: ContactPreferences,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const values = PREFERENCES.map((name) => (typeof input[name] === "boolean" ? Number(input[name]) : input[name]));
  const write = async () => {
    const addresses = await aboutChangeable(ctx, customerId, selectAddresses(ctx, customerId));
    if (input.quiet_from !== null && input.quiet_from === input.quiet_until) {
      throw notAccepted("quiet_until", "must differ from quiet_from");
    }
    const results = await ctx.env.DB.batch<{ headers?: string; body?: string }>([
      ...(input.allow_email ? [optIn(ctx, customerId, addresses)] : []),
      ctx.env.DB.prepare(
        `INSERT INTO contact_preferences (customer_id, ${PREFERENCES.join(", ")}, updated_at)
         SELECT id, ${PREFERENCES.map(() => "?").join(", ")}, ? FROM customers WHERE id = ? AND erased_at IS NULL
         ON CONFLICT (customer_id) DO UPDATE SET
           ${[...PREFERENCES, "updated_at"].map((name) => `${name} = excluded.${name}`).join(", ")}`,
      ).bind(...values, ctx.now().toISOString(), customerId),
      answerStatement(ctx, record, 200, SELECT_PREFERENCES, [customerId]),
    ]);
    // Removed or erased since they were read: their preferences went with them.
    if (results.at(-1)?.results.length === 0) await findChangeable(ctx, customerId);
    return answerFromBatch(200, results);
  };
  return exactlyOnce(ctx, record, write, { repeatable: true });
}
