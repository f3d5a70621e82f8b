import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { anyVersion, ifMatchHolds } from "../http/etag.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  batchOnce,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { versionConflict } from "../problem.ts";
import { searchText } from "../search/words.ts";
import { syncCreated, syncIfChanged } from "../sync/enqueue.ts";
import { keepContacts, syncContacts, WHATSAPP_FOLLOWS } from "./contact-sync.ts";
import { contactValue } from "./contact-values.ts";
import { customerColumns, findChangeable } from "./read.ts";
import type { CreateCustomerInput, UpdateCustomerInput } from "./schemas.ts";

type Reachable = Pick<UpdateCustomerInput, "email" | "phone" | "whatsapp">;

/** Numbers as E.164, addresses in lower case; what is absent stays absent, null stays null. */
function normalised<Input extends Reachable>(ctx: Context, input: Input): Input {
  const region = ctx.env.DEFAULT_REGION;
  const result = { ...input };
  if (input.email) result.email = contactValue("email", input.email, region, "email");
  if (input.phone) result.phone = contactValue("phone", input.phone, region, "phone");
  if (input.whatsapp) result.whatsapp = contactValue("whatsapp", input.whatsapp, region, "whatsapp");
  return result;
}

const NEWEST = newestId("customers");
const ETAG = `'etag', '"' || version || '"'`;
const LOCATION = "'location', '/api/customers/' || id";
const SELECT_NEWEST = selectAnswer(
  "customer",
  customerColumns,
  `customers WHERE id = ${NEWEST}`,
  `${LOCATION}, ${ETAG}`,
);
const SELECT_CHANGED = selectAnswer("customer", customerColumns, "customers WHERE id = ?", ETAG);

/**
 * Adds a customer with preferences and contact methods, in one batch, once per idempotency key. Without a WhatsApp
 * number of their own, the phone's is taken.
 *
 * @returns 201 with `{"customer": ...}`.
 * @throws AppError `value_not_accepted` for a number or address that is none, `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export async function createCustomer(
  ctx: ActorContext,
  raw: CreateCustomerInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const input = normalised(ctx, raw);
  const sync = syncCreated(ctx, NEWEST);
  return batchOnce(ctx, record, {
    status: 201,
    statements: [
      ctx.env.DB.prepare(
        `INSERT INTO customers (name, name_words, company, company_words, email, phone, whatsapp, language, notes,
                                created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)`,
      ).bind(
        input.name,
        searchText(input.name),
        input.company,
        searchText(input.company),
        input.email,
        input.phone,
        input.whatsapp === undefined ? input.phone : input.whatsapp,
        input.language,
        input.notes,
        ctx.now().toISOString(),
      ),
      ...sync,
      ...syncContacts(ctx, NEWEST, null),
    ],
    select: SELECT_NEWEST,
    written: (results) => announceEnqueued(ctx, results.slice(1, 1 + sync.length)),
  });
}

const COLUMNS = ["name", "company", "email", "phone", "whatsapp", "language", "notes"] as const;

/** The assignments of an UPDATE: each a column or expression with one placeholder, and what that is bound to. */
function assignments(input: UpdateCustomerInput, now: string): Map<string, string | null> {
  const set = new Map<string, string | null>();
  for (const column of COLUMNS) {
    const value = input[column];
    if (value !== undefined) set.set(`${column} = ?`, value);
  }
  if (input.name !== undefined) set.set("name_words = ?", searchText(input.name));
  if (input.company !== undefined) set.set("company_words = ?", searchText(input.company));
  if (input.phone !== undefined && input.whatsapp === undefined) set.set(WHATSAPP_FOLLOWS, input.phone);
  if (input.archived === true) set.set("archived_at = COALESCE(archived_at, ?)", now);
  if (input.archived === false) set.set("archived_at = ?", null);
  return set;
}

/**
 * Changes a customer; contact methods follow in the same batch. Only what was sent is written, over the row as it is
 * then, so concurrent changes never fail because of one another or of a side table (contract section 6). Once per
 * idempotency key.
 *
 * @param ifMatch the `If-Match` header: the one thing that makes a concurrent change fail.
 * @returns 200 with `{"customer": ...}`.
 * @throws AppError `customer_unknown`, `customer_erased`, `version_conflict`, `value_not_accepted`,
 *   `idempotency_key_reused`, `database_unavailable`.
 */
export function updateCustomer(
  ctx: ActorContext,
  id: number,
  raw: UpdateCustomerInput,
  ifMatch: string | undefined,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const input = normalised(ctx, raw);
  const unbound = anyVersion(ifMatch);
  const write = async () => {
    const before = await findChangeable(ctx, id);
    if (!ifMatchHolds(ifMatch, before.version)) throw versionConflict(before.version);
    const answer = answerStatement(ctx, record, 200, SELECT_CHANGED, [id]);
    const now = ctx.now().toISOString();
    const set = assignments(input, now);
    if (set.size === 0) return answerFromBatch(200, await ctx.env.DB.batch([answer]));
    const guard = unbound ? undefined : { sql: "c.version = ?", params: [before.version] };
    const sync = syncIfChanged(ctx, id, input, guard);
    // Where the change may not take place there is no version: NOT NULL refuses it, and the batch is undone.
    const results = await ctx.env.DB.batch<{ id?: number; headers?: string; body?: string }>([
      ...sync,
      keepContacts(ctx, id),
      ctx.env.DB.prepare(
        `UPDATE customers SET ${[...set.keys()].join(", ")}, updated_at = ?,
           version = iif(erased_at IS NULL ${unbound ? "" : "AND version = ?"}, version + 1, NULL) WHERE id = ?`,
      ).bind(...set.values(), now, ...(unbound ? [] : [before.version]), id),
      ...syncContacts(ctx, "?", id),
      answer,
    ]).catch(async (error: unknown): Promise<never> => {
      if (!isNotNullViolation(error, "customers.version")) throw error;
      // Erased or changed since it was read.
      throw versionConflict((await findChangeable(ctx, id)).version);
    });
    announceEnqueued(ctx, results.slice(0, sync.length));
    return answerFromBatch(200, results, "customer_unknown");
  };
  return exactlyOnce(ctx, record, write, { repeatable: unbound });
}
