import type { ActorContext, Context, RequestContext } from "../context.ts";
import { announce } from "../deliveries/outbox.ts";
import { ifMatchHolds } from "../http/etag.ts";
import { AppError } from "../problem.ts";
import { syncGone } from "../sync/enqueue.ts";
import { getContactPreferences, listContactMethods } from "./contacts.ts";
import { listContactHistory } from "./history.ts";
import { findCustomer } from "./read.ts";

/** Entries and tickets that an export holds; beyond this it is a matter for the database's own export. */
const EXPORT_ROWS = 10_000;

const announceLast = (ctx: RequestContext, results: D1Result<{ id: number }>[]): void =>
  ctx.waitUntil(announce(ctx, results.at(-1)?.results.map((row) => row.id) ?? []));

/**
 * Takes a customer out of use. One with tickets is archived, since tickets name them; one without is removed.
 *
 * @throws AppError `customer_unknown`, `version_conflict`.
 */
export async function removeCustomer(ctx: RequestContext, id: number, ifMatch: string | undefined): Promise<void> {
  const customer = await findCustomer(ctx, id);
  if (!ifMatchHolds(ifMatch, customer.version)) throw new AppError("version_conflict");
  const { DB } = ctx.env;
  const now = ctx.now().toISOString();
  const inUse = "EXISTS (SELECT 1 FROM tickets WHERE customer_id = ?1)";
  const results = await DB.batch<{ id: number }>([
    DB.prepare(
      `UPDATE customers SET archived_at = COALESCE(archived_at, ?2), updated_at = ?2, version = version + 1
       WHERE id = ?1 AND ${inUse}`,
    ).bind(id, now),
    ...["contact_history", "contact_methods", "contact_preferences"].map((table) =>
      DB.prepare(`DELETE FROM ${table} WHERE customer_id = ?1 AND NOT ${inUse}`).bind(id),
    ),
    DB.prepare(`DELETE FROM customers WHERE id = ?1 AND NOT ${inUse}`).bind(id),
    ...syncGone(ctx, id, `NOT ${inUse}`),
  ]);
  announceLast(ctx, results);
}

/**
 * Makes a person anonymous: name, addresses, numbers, notes and what was said go; their tickets stay, without them.
 *
 * @throws AppError `customer_unknown`.
 */
export async function eraseCustomer(ctx: ActorContext, id: number): Promise<void> {
  await findCustomer(ctx, id);
  const { DB } = ctx.env;
  const now = ctx.now().toISOString();
  const results = await DB.batch<{ id: number }>([
    DB.prepare("DELETE FROM contact_history WHERE customer_id = ?").bind(id),
    DB.prepare("DELETE FROM contact_methods WHERE customer_id = ?").bind(id),
    DB.prepare("DELETE FROM contact_preferences WHERE customer_id = ?").bind(id),
    DB.prepare(
      `UPDATE customers SET name = 'erased', name_words = '', company = NULL, company_words = '', email = NULL, phone = NULL,
              whatsapp = NULL, language = NULL, notes = NULL, archived_at = COALESCE(archived_at, ?2), erased_at = ?2,
              updated_at = ?2, version = version + 1
       WHERE id = ?1`,
    ).bind(id, now),
    ...syncGone(ctx, id),
  ]);
  announceLast(ctx, results);
  ctx.log.info("customer_erased", { customer_id: id, user_id: ctx.actor.id });
}

/**
 * Everything held about a person.
 *
 * @throws AppError `customer_unknown`.
 */
export async function exportCustomer(ctx: Context, id: number) {
  const customer = await findCustomer(ctx, id);
  const [contact_methods, history, preferences, tickets] = await Promise.all([
    listContactMethods(ctx, id),
    listContactHistory(ctx, id, { limit: EXPORT_ROWS }),
    getContactPreferences(ctx, id),
    ctx.env.DB.prepare(
      "SELECT ticket_id, title, created_at FROM tickets WHERE customer_id = ? AND deleted_at IS NULL ORDER BY id LIMIT ?",
    )
      .bind(id, EXPORT_ROWS)
      .all<{ ticket_id: string; title: string; created_at: string }>(),
  ]);
  return {
    customer,
    contact_methods,
    contact_preferences: preferences,
    contact_history: history.contact_history,
    tickets: tickets.results,
  };
}
