import type { Context } from "../context.ts";

/**
 * SQL that sets the customer's WhatsApp number beside a new `phone`: one that was the phone's goes on being the
 * phone's. Right-hand sides see the row as it was; the placeholder is the new phone number.
 */
export const WHATSAPP_FOLLOWS = "whatsapp = iif(whatsapp IS phone, ?, whatsapp)";

// The numbers and addresses in the customer's row, each with its kind. A value from before there were rules for values
// may be none that a method can hold. One placeholder or expression: the customer's id.
const current = (customer: string) => `
  SELECT c.id AS customer_id, v.key AS kind, v.value AS value FROM customers c
  JOIN json_each(json_object('phone', c.phone, 'whatsapp', c.whatsapp, 'email', c.email)) v
  WHERE c.id = ${customer} AND c.erased_at IS NULL AND length(v.value) BETWEEN 3 AND 254`;

/**
 * A statement to go before a change of the customer's row: what the row is about to lose stays as a contact method,
 * even where the methods had fallen behind.
 */
export function keepContacts(ctx: Context, customerId: number): D1PreparedStatement {
  const now = ctx.now().toISOString();
  return ctx.env.DB.prepare(
    `WITH current AS (${current("?")})
     INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
     SELECT customer_id, kind, value, 0, ?, ? FROM current WHERE true
     ON CONFLICT (customer_id, kind, value) DO NOTHING`,
  ).bind(customerId, now, now);
}

/**
 * Statements that bring contact methods and preferences in line with the customer's row as it is at that point of the
 * batch. They read the row instead of carrying values along and have a conflict clause each, so that any number of
 * them, in any order, from any state, end in agreement: the value in the row is the one primary of its kind, what was
 * primary before stays as a method, and preferences exist. An erased customer gets neither.
 *
 * @param customer SQL for the customer's id: an expression, or `?`, bound to `param`.
 */
export function syncContacts(ctx: Context, customer: string, param: number | null): D1PreparedStatement[] {
  const now = ctx.now().toISOString();
  const bound = param === null ? [] : [param];
  const { DB } = ctx.env;
  return [
    DB.prepare(
      `WITH current AS (${current(customer)})
       UPDATE contact_methods SET is_primary = 0, updated_at = ?
       WHERE customer_id = ${customer} AND is_primary = 1 AND kind IN ('phone', 'whatsapp', 'email')
         AND NOT EXISTS (SELECT 1 FROM current WHERE current.kind = contact_methods.kind AND current.value = contact_methods.value)`,
    ).bind(...bound, now, ...bound),
    DB.prepare(
      `WITH current AS (${current(customer)})
       INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
       SELECT customer_id, kind, value, 1, ?, ? FROM current WHERE true
       ON CONFLICT (customer_id, kind, value) DO UPDATE SET is_primary = 1, updated_at = excluded.updated_at
       WHERE is_primary = 0`,
    ).bind(...bound, now, now),
    DB.prepare(
      `INSERT INTO contact_preferences (customer_id, updated_at)
       SELECT id, ? FROM customers WHERE id = ${customer} AND erased_at IS NULL
       ON CONFLICT (customer_id) DO NOTHING`,
    ).bind(now, ...bound),
  ];
}
