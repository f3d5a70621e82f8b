import type { ActorContext, RequestContext } from "../context.ts";
import { throughLostConnections } from "../db/lost-connections.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { forgetEmails, forgetNotifications } from "../emails/personal-data.ts";
import { anyVersion, ifMatchHolds } from "../http/etag.ts";
import { versionConflict } from "../problem.ts";
import { syncGone } from "../sync/enqueue.ts";
import { findCustomer } from "./read.ts";

// Tickets that are deleted count: their rows still name the customer.
const IN_USE = `(EXISTS (SELECT 1 FROM tickets WHERE customer_id = ?1)
  OR EXISTS (SELECT 1 FROM email_history WHERE customer_id = ?1))`;

// Names every user, because the records' key begins with them: two look-ups per account instead of reading all records.
const RECORDS_OF = "user_id IN (SELECT id FROM users) AND route";

/**
 * SQL that removes what other tables hold about customer `?1`, under a further condition: all but tickets and e-mails.
 * Answers that are kept for a repeated request lose the person, but stay, so that a repeat makes nobody anew.
 */
const forget = (condition: string): string[] => [
  ...forgetNotifications(condition),
  `DELETE FROM contact_history WHERE customer_id = (SELECT ?1 WHERE ${condition})`,
  `DELETE FROM contact_methods WHERE customer_id = (SELECT ?1 WHERE ${condition})`,
  `DELETE FROM contact_preferences WHERE customer_id = (SELECT ?1 WHERE ${condition})`,
  `UPDATE idempotency_keys SET body = json_set(body, '$.customer.name', 'erased', '$.customer.company', NULL,
     '$.customer.email', NULL, '$.customer.phone', NULL, '$.customer.whatsapp', NULL, '$.customer.language', NULL,
     '$.customer.notes', NULL)
   WHERE ${RECORDS_OF} IN ('POST /api/customers', 'PATCH /api/customers/' || CAST(?1 AS INTEGER))
     AND json_extract(body, '$.customer.id') = ?1 AND ${condition}`,
  `UPDATE idempotency_keys SET body = json_set(body, '$.contact_method.value', 'erased')
   WHERE ${RECORDS_OF} = 'POST /api/customers/' || CAST(?1 AS INTEGER) || '/contact-methods' AND ${condition}`,
  `UPDATE idempotency_keys SET body = json_set(body, '$.entry.summary', 'erased', '$.entry.value', NULL)
   WHERE ${RECORDS_OF} = 'POST /api/customers/' || CAST(?1 AS INTEGER) || '/contact-history' AND ${condition}`,
];

/** The version that a removal is bound to, as SQL over the row `customers`. */
function versionGuard(ifMatch: string | undefined, version: number): string {
  if (!ifMatchHolds(ifMatch, version)) throw versionConflict(version);
  return anyVersion(ifMatch) ? "true" : `version = ${version}`;
}

/**
 * Runs a removal that is bound to a version, and tells when the customer had another one by then. The last statement
 * is `syncGone`'s.
 */
async function runRemoval(ctx: RequestContext, id: number, unbound: boolean, statements: D1PreparedStatement[]) {
  const results = await throughLostConnections(ctx, unbound, () => ctx.env.DB.batch<{ id: number }>(statements));
  announceEnqueued(ctx, results.slice(-1));
  if (unbound || results.some((result) => result.results.length > 0)) return;
  const left = await ctx.env.DB.prepare("SELECT version FROM customers WHERE id = ?")
    .bind(id)
    .first<{ version: number }>();
  if (left) throw versionConflict(left.version);
}

/**
 * Takes a customer out of use. One with tickets or e-mails is archived, since those name them; one without is removed.
 * Mails to their address from before they were a customer belong to their tickets, and stay.
 *
 * @throws AppError `customer_unknown`, `version_conflict`, `database_unavailable`.
 */
export async function removeCustomer(ctx: RequestContext, id: number, ifMatch: string | undefined): Promise<void> {
  const customer = await findCustomer(ctx, id);
  const version = versionGuard(ifMatch, customer.version);
  const { DB } = ctx.env;
  const removable = `NOT ${IN_USE} AND EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND ${version})`;
  await runRemoval(ctx, id, anyVersion(ifMatch), [
    DB.prepare(
      `UPDATE customers SET updated_at = iif(archived_at IS NULL, ?2, updated_at),
              version = version + (archived_at IS NULL), archived_at = COALESCE(archived_at, ?2)
       WHERE id = ?1 AND ${version} AND ${IN_USE} RETURNING id`,
    ).bind(id, ctx.now().toISOString()),
    ...forget(removable).map((sql) => DB.prepare(sql).bind(id)),
    DB.prepare(`DELETE FROM customers WHERE id = ?1 AND ${version} AND NOT ${IN_USE} RETURNING id`).bind(id),
    ...syncGone(ctx, id, "NOT EXISTS (SELECT 1 FROM customers WHERE id = ?1)"),
  ]);
}

/**
 * Makes a person anonymous: name, addresses, numbers, notes and what was said go; their tickets stay, and so does the
 * customer's bare row, which tickets may name. A second time changes nothing.
 *
 * @throws AppError `customer_unknown`, `version_conflict`, `database_unavailable`.
 */
export async function eraseCustomer(ctx: ActorContext, id: number, ifMatch: string | undefined): Promise<void> {
  const customer = await findCustomer(ctx, id);
  const version = versionGuard(ifMatch, customer.version);
  if (customer.erased_at !== null) return;
  const { DB } = ctx.env;
  const erasable = `EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND ${version})`;
  await runRemoval(ctx, id, anyVersion(ifMatch), [
    ...[...forgetEmails(erasable), ...forget(erasable)].map((sql) => DB.prepare(sql).bind(id)),
    DB.prepare(
      `UPDATE customers SET name = 'erased', name_words = '', company = NULL, company_words = '', email = NULL, phone = NULL,
              whatsapp = NULL, language = NULL, notes = NULL, archived_at = COALESCE(archived_at, ?2), erased_at = ?2,
              updated_at = ?2, version = version + 1
       WHERE id = ?1 AND erased_at IS NULL AND ${version} RETURNING id`,
    ).bind(id, ctx.now().toISOString()),
    ...syncGone(ctx, id, "EXISTS (SELECT 1 FROM customers WHERE id = ?1 AND erased_at IS NOT NULL)"),
  ]);
  ctx.log.info("customer_erased", { customer_id: id, user_id: ctx.actor.id });
}
