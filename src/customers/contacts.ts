import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { ActorContext, Context, RequestContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { selectAnswer } from "../db/json.ts";
import { throughLostConnections } from "../db/lost-connections.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import { contact_methods } from "../db/schema.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { syncIfChanged } from "../sync/enqueue.ts";
import { CONTACT_KINDS, type ContactKind } from "../vocabulary/contacts.ts";
import { keepContacts, syncContacts, WHATSAPP_FOLLOWS } from "./contact-sync.ts";
import { contactValue } from "./contact-values.ts";
import { aboutChangeable, aboutCustomer, findChangeable } from "./read.ts";
import type { ContactMethodInput } from "./schemas.ts";

/** Ways to reach one customer that can be added (contract section 1). */
export const CONTACT_METHODS_MAX = 50;

const methodColumns = {
  id: contact_methods.id,
  kind: contact_methods.kind,
  value: contact_methods.value,
  is_primary: contact_methods.is_primary,
  created_at: contact_methods.created_at,
  updated_at: contact_methods.updated_at,
};

/** The place of a method in its customer's list: primary ones come first. */
export const MethodPlace = z.tuple([z.int().min(0).max(1), z.enum(CONTACT_KINDS), z.int().nonnegative()]);
export type MethodPlace = z.output<typeof MethodPlace>;
export const methodPlace = (method: { id: number; kind: ContactKind; is_primary: boolean }): MethodPlace => [
  method.is_primary ? 0 : 1,
  method.kind,
  method.id,
];

/** A query of ways to reach a customer, primary ones first, from after a place on. */
export const selectMethods = (ctx: Context, customerId: number, after: MethodPlace | null, count: number) =>
  ctx.db
    .select(methodColumns)
    .from(contact_methods)
    .where(
      and(
        eq(contact_methods.customer_id, customerId),
        after
          ? sql`(1 - ${contact_methods.is_primary}, ${contact_methods.kind}, ${contact_methods.id}) > (${sql.join(after, sql`, `)})`
          : undefined,
      ),
    )
    .orderBy(desc(contact_methods.is_primary), asc(contact_methods.kind), asc(contact_methods.id))
    .limit(count);

/**
 * A page of the ways to reach a customer, primary ones first.
 *
 * @throws AppError `customer_unknown`, `invalid_cursor`.
 */
export async function listContactMethods(ctx: Context, customerId: number, query: { limit: number; cursor?: string }) {
  const after = decodeCursor("contact_methods", query.cursor, MethodPlace);
  const rows = await aboutCustomer(ctx, customerId, selectMethods(ctx, customerId, after, query.limit + 1));
  const { page, next_cursor } = paginate("contact_methods", rows, query.limit, methodPlace);
  return { contact_methods: page, next_cursor };
}

/**
 * Statements that change the customer's own number or address of a kind, and what follows it.
 *
 * @param guard.sql what must hold of the customer's row, with one placeholder.
 */
function changeCustomer(
  ctx: Context,
  customerId: number,
  kind: "phone" | "whatsapp" | "email",
  value: string | null,
  guard: { sql: string; param: string },
): D1PreparedStatement[] {
  const isPhone = kind === "phone";
  return [
    keepContacts(ctx, customerId),
    ctx.env.DB.prepare(
      `UPDATE customers SET ${kind} = ?, ${isPhone ? `${WHATSAPP_FOLLOWS}, ` : ""}updated_at = ?, version = version + 1
       WHERE id = ? AND erased_at IS NULL AND ${guard.sql}`,
    ).bind(value, ...(isPhone ? [value] : []), ctx.now().toISOString(), customerId, guard.param),
    ...syncContacts(ctx, "?", customerId),
  ];
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

function makePrimary(
  ctx: Context,
  customerId: number,
  kind: ContactMethodInput["kind"],
  value: string,
): D1PreparedStatement[] {
  if (kind !== "sms") {
    return changeCustomer(ctx, customerId, kind, value, { sql: `${kind} IS NOT ?`, param: value });
  }
  // The customer's row has no number for text messages: the methods themselves say which is primary.
  const { DB } = ctx.env;
  const now = ctx.now().toISOString();
  const ofKind = "customer_id = ? AND kind = 'sms'";
  return [
    DB.prepare(
      `UPDATE contact_methods SET is_primary = 0, updated_at = ? WHERE ${ofKind} AND is_primary = 1 AND value <> ?`,
    ).bind(now, customerId, value),
    DB.prepare(
      `UPDATE contact_methods SET is_primary = 1, updated_at = ? WHERE ${ofKind} AND is_primary = 0 AND value = ?`,
    ).bind(now, customerId, value),
  ];
}

const selectMethod = (ctx: Context, customerId: number, which: SQL | undefined) =>
  ctx.db
    .select(methodColumns)
    .from(contact_methods)
    .where(and(eq(contact_methods.customer_id, customerId), which));

// One that is there takes no room.
const HAS_ROOM = hasRoom(
  `contact_methods WHERE customer_id = ?1
   AND NOT EXISTS (SELECT 1 FROM contact_methods m WHERE m.customer_id = ?1 AND m.kind = ?2 AND m.value = ?3)`,
  CONTACT_METHODS_MAX,
);

const SELECT_METHOD = selectAnswer(
  "contact_method",
  methodColumns,
  "contact_methods WHERE customer_id = ? AND kind = ? AND value = ?",
);

/**
 * Adds a contact method, or finds it when it is there in another spelling. Making a phone, WhatsApp number or address
 * primary writes it into the customer's row, which the other methods follow. Once per idempotency key.
 *
 * @returns 201 with `{"contact_method": ...}`, or 200 when the method was there.
 * @throws AppError `customer_unknown`, `customer_erased`, `value_not_accepted`, `too_many`, `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export async function addContactMethod(
  ctx: ActorContext,
  customerId: number,
  input: ContactMethodInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const value = contactValue(input.kind, input.value, ctx.env.DEFAULT_REGION, "value");
  const method = [customerId, input.kind, value];
  const { DB } = ctx.env;
  const write = async () => {
    const sameMethod = and(eq(contact_methods.kind, input.kind), eq(contact_methods.value, value));
    const same = await aboutChangeable(ctx, customerId, selectMethod(ctx, customerId, sameMethod));
    const now = ctx.now().toISOString();
    const sync = input.is_primary ? syncContactChange(ctx, customerId, input.kind, value) : [];
    const status = same.length > 0 ? 200 : 201;
    const results = await DB.batch<{ id?: number; headers?: string; body?: string }>([
      ...sync,
      // A customer who is gone meanwhile gives no id here, and a method beyond the maximum no kind: NOT NULL undoes the batch.
      DB.prepare(
        `INSERT INTO contact_methods (customer_id, kind, value, is_primary, created_at, updated_at)
         VALUES ((SELECT id FROM customers WHERE id = ?1 AND erased_at IS NULL), iif(${HAS_ROOM}, ?2, NULL), ?3, 0, ?4, ?4)
         ON CONFLICT (customer_id, kind, value) DO NOTHING`,
      ).bind(...method, now),
      ...(input.is_primary ? makePrimary(ctx, customerId, input.kind, value) : []),
      answerStatement(ctx, record, status, SELECT_METHOD, method),
    ]).catch(goneMeanwhile(ctx, customerId, "contact_methods.customer_id"));
    announceEnqueued(ctx, results.slice(0, sync.length));
    return answerFromBatch(status, results);
  };
  return exactlyOnce(ctx, record, write, { repeatable: true });
}

/** What it means that the batch was refused: the customer was removed or erased meanwhile, or has the maximum. */
const goneMeanwhile =
  (ctx: Context, customerId: number, column: string) =>
  async (error: unknown): Promise<never> => {
    if (isNotNullViolation(error, column)) await findChangeable(ctx, customerId);
    if (isNotNullViolation(error, "contact_methods.kind")) throw tooMany(CONTACT_METHODS_MAX);
    throw error;
  };

/**
 * Removes a contact method. The customer's own number or address goes with it, as if it had been set to null.
 *
 * @throws AppError `contact_method_not_found`, `customer_unknown`, `customer_erased`, `database_unavailable`.
 */
export async function removeContactMethod(ctx: RequestContext, customerId: number, methodId: number): Promise<void> {
  const query = selectMethod(ctx, customerId, eq(contact_methods.id, methodId));
  const [method] = await aboutChangeable(ctx, customerId, query);
  if (!method) throw new AppError("contact_method_not_found");
  const { DB } = ctx.env;
  const { kind, value } = method;
  const cleared =
    kind === "sms" ? [] : changeCustomer(ctx, customerId, kind, null, { sql: `${kind} = ?`, param: value });
  // Last, since a change keeps what the customer's row loses by it.
  const removed = DB.prepare("DELETE FROM contact_methods WHERE id = ?").bind(methodId);
  const sync = syncContactChange(ctx, customerId, kind, null, { sql: `c.${kind} = ?`, params: [value] });
  const results = await throughLostConnections(ctx, true, () =>
    DB.batch<{ id: number }>([...sync, ...cleared, removed]),
  );
  announceEnqueued(ctx, results.slice(0, sync.length));
}
