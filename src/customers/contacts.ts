import { and, asc, eq } from "drizzle-orm";
import type { Context, RequestContext } from "../context.ts";
import { contact_methods, contact_preferences } from "../db/schema.ts";
import { announce } from "../deliveries/outbox.ts";
import { AppError } from "../problem.ts";
import { syncIfChanged } from "../sync/enqueue.ts";
import { syncContacts } from "./contact-sync.ts";
import { contactValue } from "./contact-values.ts";
import { findCustomer } from "./read.ts";
import type { ContactMethodInput, ContactPreferences } from "./schemas.ts";

const methodColumns = {
  id: contact_methods.id,
  kind: contact_methods.kind,
  value: contact_methods.value,
  is_primary: contact_methods.is_primary,
  created_at: contact_methods.created_at,
  updated_at: contact_methods.updated_at,
};

/**
 * Every way to reach a customer, primary ones first.
 *
 * @throws AppError `customer_unknown`.
 */
export async function listContactMethods(ctx: Context, customerId: number) {
  await findCustomer(ctx, customerId);
  const rows = await ctx.db
    .select(methodColumns)
    .from(contact_methods)
    .where(eq(contact_methods.customer_id, customerId))
    .orderBy(asc(contact_methods.kind), asc(contact_methods.id));
  return rows.sort((a, b) => Number(b.is_primary) - Number(a.is_primary));
}

/**
 * Adds a contact method, or finds it when it is there in another spelling. Making a phone, WhatsApp number or address
 * primary writes it into the customer's row, which the other methods follow.
 *
 * @throws AppError `customer_unknown`, `validation_failed`.
 */
export async function addContactMethod(ctx: RequestContext, customerId: number, input: ContactMethodInput) {
  const value = contactValue(input.kind, input.value, ctx.env.DEFAULT_REGION, "value");
  await findCustomer(ctx, customerId);
  const now = ctx.now().toISOString();
  const { DB } = ctx.env;
  const sync = input.is_primary ? syncContactChange(ctx, customerId, input.kind, value) : [];
  const statements = [
    ...sync,
    DB.prepare(
      `INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at) VALUES (?, ?, ?, 0, ?, ?)
       ON CONFLICT (customer_id, kind, value) DO NOTHING`,
    ).bind(customerId, input.kind, value, now, now),
  ];
  if (input.is_primary) statements.push(...makePrimary(ctx, customerId, input.kind, value));
  announceSync(ctx, (await DB.batch<{ id: number }>(statements)).slice(0, sync.length));
  const [row] = await ctx.db
    .select(methodColumns)
    .from(contact_methods)
    .where(
      and(
        eq(contact_methods.customer_id, customerId),
        eq(contact_methods.kind, input.kind),
        eq(contact_methods.value, value),
      ),
    );
  if (!row) throw new AppError("contact_method_not_found");
  return row;
}

/** What a change of the primary method means for Stripe, for the beginning of the batch that makes it. */
const syncContactChange = (
  ctx: Context,
  customerId: number,
  kind: ContactMethodInput["kind"],
  value: string | null,
  guard?: { sql: string; params: unknown[] },
): D1PreparedStatement[] =>
  kind === "email" || kind === "phone" ? syncIfChanged(ctx, customerId, { [kind]: value }, guard) : [];

const announceSync = (ctx: RequestContext, results: D1Result<{ id: number }>[]): void =>
  ctx.waitUntil(
    announce(
      ctx,
      results.flatMap((result) => result.results.map((row) => row.id)),
    ),
  );

function makePrimary(
  ctx: Context,
  customerId: number,
  kind: ContactMethodInput["kind"],
  value: string,
): D1PreparedStatement[] {
  const { DB } = ctx.env;
  const now = ctx.now().toISOString();
  if (kind !== "sms") {
    return [
      DB.prepare(`UPDATE customers SET ${kind} = ?, updated_at = ?, version = version + 1 WHERE id = ?`).bind(
        value,
        now,
        customerId,
      ),
      ...syncContacts(ctx, "?", customerId),
    ];
  }
  // The customer's row has no number for text messages: the methods themselves say which is primary.
  return [
    DB.prepare(
      "UPDATE contact_methods SET is_primary = 0, updated_at = ? WHERE customer_id = ? AND kind = 'sms' AND is_primary = 1",
    ).bind(now, customerId),
    DB.prepare(
      "UPDATE contact_methods SET is_primary = 1, updated_at = ? WHERE customer_id = ? AND kind = 'sms' AND value = ?",
    ).bind(now, customerId, value),
  ];
}

/**
 * Removes a contact method; the primary one is cleared from the customer's row as well.
 *
 * @throws AppError `contact_method_not_found`.
 */
export async function removeContactMethod(ctx: RequestContext, customerId: number, methodId: number): Promise<void> {
  const [method] = await ctx.db
    .select(methodColumns)
    .from(contact_methods)
    .where(and(eq(contact_methods.id, methodId), eq(contact_methods.customer_id, customerId)));
  if (!method) throw new AppError("contact_method_not_found");
  const { DB } = ctx.env;
  const sync = syncContactChange(ctx, customerId, method.kind, null, {
    sql: `c.${method.kind} = ?`,
    params: [method.value],
  });
  const statements = [
    ...sync,
    DB.prepare("DELETE FROM contact_methods WHERE id = ? AND customer_id = ?").bind(methodId, customerId),
  ];
  if (method.kind !== "sms") {
    statements.push(
      DB.prepare(
        `UPDATE customers SET ${method.kind} = NULL, updated_at = ?, version = version + 1 WHERE id = ? AND ${method.kind} = ?`,
      ).bind(ctx.now().toISOString(), customerId, method.value),
    );
  }
  announceSync(ctx, (await DB.batch<{ id: number }>(statements)).slice(0, sync.length));
}

const preferenceColumns = {
  preferred_channel: contact_preferences.preferred_channel,
  allow_email: contact_preferences.allow_email,
  allow_sms: contact_preferences.allow_sms,
  allow_whatsapp: contact_preferences.allow_whatsapp,
  allow_phone: contact_preferences.allow_phone,
  quiet_from: contact_preferences.quiet_from,
  quiet_until: contact_preferences.quiet_until,
};

/**
 * How a customer wants to be reached.
 *
 * @throws AppError `customer_unknown`.
 */
export async function getContactPreferences(ctx: Context, customerId: number): Promise<ContactPreferences> {
  await findCustomer(ctx, customerId);
  const select = () =>
    ctx.db.select(preferenceColumns).from(contact_preferences).where(eq(contact_preferences.customer_id, customerId));
  const [row] = await select();
  if (row) return row;
  // Missing preferences heal themselves.
  await ctx.env.DB.batch(syncContacts(ctx, "?", customerId));
  const [made] = await select();
  if (!made) throw new AppError("customer_unknown");
  return made;
}

/**
 * Replaces a customer's preferences.
 *
 * @throws AppError `customer_unknown`.
 */
export async function putContactPreferences(ctx: Context, customerId: number, input: ContactPreferences) {
  await findCustomer(ctx, customerId);
  const values = { ...input, updated_at: ctx.now().toISOString() };
  await ctx.db
    .insert(contact_preferences)
    .values({ customer_id: customerId, ...values })
    .onConflictDoUpdate({ target: contact_preferences.customer_id, set: values });
  return input;
}
