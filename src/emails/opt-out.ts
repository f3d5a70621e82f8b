import { and, eq } from "drizzle-orm";
import type { Context } from "../context.ts";
import { throughLostConnections } from "../db/lost-connections.ts";
import { contact_methods } from "../db/schema.ts";
import { addressDigest, optOutToken } from "./links.ts";

/** The address behind an opt-out link, or null when the link is not ours or the mail has been erased. */
export async function optOutAddress(ctx: Context, link: string): Promise<string | null> {
  const token = optOutToken(ctx.env, link);
  if (!token) return null;
  return ctx.env.DB.prepare("SELECT recipient FROM email_history WHERE token = ?")
    .bind(token)
    .first<string>("recipient");
}

/**
 * Notes that an address wants no more e-mail, for ever and whoever writes to it; the preferences of each customer who
 * has it follow. May be repeated.
 *
 * @throws AppError `database_unavailable`.
 */
export async function optOut(ctx: Context, address: string): Promise<void> {
  const { DB } = ctx.env;
  const now = ctx.now().toISOString();
  // Missing preferences count as the ones that a new customer has.
  const allowing = `
    SELECT DISTINCT cm.customer_id FROM contact_methods cm
    LEFT JOIN contact_preferences cp ON cp.customer_id = cm.customer_id
    WHERE cm.kind = 'email' AND cm.value = ? AND COALESCE(cp.allow_email, 1) = 1`;
  const statements = [
    DB.prepare("INSERT INTO email_opt_outs (address_digest, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING").bind(
      addressDigest(address),
      now,
    ),
    DB.prepare(
      `INSERT INTO contact_history (customer_id, channel, direction, summary, value, created_at)
       SELECT customer_id, 'email', 'inbound', 'email.opt_out', ?, ? FROM (${allowing})`,
    ).bind(address, now, address),
    DB.prepare(
      `INSERT INTO contact_preferences (customer_id, allow_email, updated_at)
       SELECT customer_id, 0, ? FROM (${allowing}) WHERE true
       ON CONFLICT (customer_id) DO UPDATE SET allow_email = 0, updated_at = excluded.updated_at`,
    ).bind(now, address),
    // What waits does not ask again.
    DB.prepare(
      "UPDATE email_history SET status = 'suppressed', reason = 'opted_out' WHERE recipient = ? AND status = 'queued'",
    ).bind(address),
  ];
  await throughLostConnections(ctx, true, () => DB.batch(statements));
}

/** A query of a customer's addresses. */
export const selectAddresses = (ctx: Context, customerId: number) =>
  ctx.db
    .select({ value: contact_methods.value })
    .from(contact_methods)
    .where(and(eq(contact_methods.customer_id, customerId), eq(contact_methods.kind, "email")));

/**
 * For the batch that allows e-mail to a customer, before the change: when they allowed none until then, the opt-outs of
 * their addresses are forgotten. A change of other preferences leaves them.
 *
 * @param addresses as `selectAddresses` finds them.
 */
export const optIn = (ctx: Context, customerId: number, addresses: { value: string }[]): D1PreparedStatement =>
  ctx.env.DB.prepare(
    `DELETE FROM email_opt_outs WHERE address_digest IN (SELECT value FROM json_each(?))
       AND EXISTS (SELECT 1 FROM contact_preferences WHERE customer_id = ? AND allow_email = 0)`,
  ).bind(JSON.stringify(addresses.map(({ value }) => addressDigest(value))), customerId);
