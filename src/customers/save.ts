import type { Context, RequestContext } from "../context.ts";
import { announce } from "../deliveries/outbox.ts";
import { ifMatchHolds } from "../http/etag.ts";
import { AppError } from "../problem.ts";
import { searchText } from "../search/words.ts";
import { syncCreated, syncIfChanged } from "../sync/enqueue.ts";
import { syncContacts } from "./contact-sync.ts";
import { contactValue } from "./contact-values.ts";
import { findCustomer } from "./read.ts";
import type { CreateCustomerInput, Customer, UpdateCustomerInput } from "./schemas.ts";

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

const RETURNING = `RETURNING id, name, company, email, phone, whatsapp, language, notes, version, created_at, updated_at,
  archived_at`;

const idsOf = (results: D1Result<{ id: number }>[]): number[] =>
  results.flatMap((result) => result.results.map((row) => row.id));

const NEWEST = "(SELECT MAX(id) FROM customers)";

/**
 * Adds a customer with preferences and contact methods, in one batch. Without a WhatsApp number of their own, the
 * phone's is taken.
 *
 * @throws AppError `validation_failed` for a number or address that is none.
 */
export async function createCustomer(ctx: RequestContext, raw: CreateCustomerInput): Promise<Customer> {
  const input = normalised(ctx, raw);
  const sync = syncCreated(ctx, NEWEST);
  const [inserted, ...others] = await ctx.env.DB.batch<Customer>([
    ctx.env.DB.prepare(
      `INSERT INTO customers (name, name_words, company, company_words, email, phone, whatsapp, language, notes,
                              created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) ${RETURNING}`,
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
  ]);
  const customer = inserted?.results[0];
  if (!customer) throw new Error("the customer was not stored");
  ctx.waitUntil(announce(ctx, idsOf(others.slice(0, sync.length))));
  return customer;
}

const COLUMNS = ["name", "company", "email", "phone", "whatsapp", "language", "notes"] as const;

/**
 * Changes a customer; contact methods follow in the same batch. Only what was sent is written, over the row as it is
 * then, so concurrent changes never fail because of one another or of a side table (contract section 6).
 *
 * @param ifMatch the `If-Match` header: the one thing that makes a concurrent change fail.
 * @throws AppError `customer_unknown`, `version_conflict`, `validation_failed`.
 */
export async function updateCustomer(
  ctx: RequestContext,
  id: number,
  raw: UpdateCustomerInput,
  ifMatch: string | undefined,
): Promise<Customer> {
  const input = normalised(ctx, raw);
  const before = await findCustomer(ctx, id);
  if (!ifMatchHolds(ifMatch, before.version)) throw new AppError("version_conflict");

  const set = new Map<string, string | null>();
  for (const column of COLUMNS) {
    const value = input[column];
    if (value !== undefined) set.set(`${column} = ?`, value);
  }
  if (set.size === 0) return before;
  if (input.name !== undefined) set.set("name_words = ?", searchText(input.name));
  if (input.company !== undefined) set.set("company_words = ?", searchText(input.company));
  // A WhatsApp number that was the phone's goes on being the phone's. The right-hand sides see the row as it was.
  if (input.phone !== undefined && input.whatsapp === undefined) {
    set.set("whatsapp = iif(whatsapp IS phone, ?, whatsapp)", input.phone);
  }
  const guard = ifMatch === undefined ? undefined : { sql: "c.version = ?", params: [before.version] };
  const sync = syncIfChanged(ctx, id, input, guard);
  const results = await ctx.env.DB.batch<Customer>([
    ...sync,
    ctx.env.DB.prepare(
      `UPDATE customers SET ${[...set.keys()].join(", ")}, updated_at = ?, version = version + 1
       WHERE id = ? AND erased_at IS NULL ${ifMatch === undefined ? "" : "AND version = ?"} ${RETURNING}`,
    ).bind(...set.values(), ctx.now().toISOString(), id, ...(ifMatch === undefined ? [] : [before.version])),
    ...syncContacts(ctx, "?", id),
  ]);
  const customer = results[sync.length]?.results[0];
  if (!customer) throw new AppError(ifMatch === undefined ? "customer_unknown" : "version_conflict");
  ctx.waitUntil(announce(ctx, idsOf(results.slice(0, sync.length))));
  return customer;
}
