import { and, desc, eq, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Context } from "../context.ts";
import { customers } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { fold, words } from "../search/words.ts";
import { toAddress, toE164 } from "./contact-values.ts";
import type { Customer, CustomerListQuery } from "./schemas.ts";

const SEARCH_WORDS = 6;
/** Digits in a row that are looked for anywhere in a number; fewer would find everybody. */
const SEARCH_DIGITS = 3;

/** A customer as the API shows it: which column each member comes from. */
export const customerColumns = {
  id: customers.id,
  name: customers.name,
  company: customers.company,
  email: customers.email,
  phone: customers.phone,
  whatsapp: customers.whatsapp,
  language: customers.language,
  notes: customers.notes,
  version: customers.version,
  created_at: customers.created_at,
  updated_at: customers.updated_at,
  archived_at: customers.archived_at,
  erased_at: customers.erased_at,
};

const select = (ctx: Context, id: number) => ctx.db.select(customerColumns).from(customers).where(eq(customers.id, id));

function known([customer]: Customer[]): Customer {
  if (!customer) throw new AppError("customer_unknown");
  return customer;
}

function changeable(rows: Customer[]): Customer {
  const customer = known(rows);
  if (customer.erased_at !== null) throw new AppError("customer_erased");
  return customer;
}

/**
 * One customer, archived and erased ones too.
 *
 * @throws AppError `customer_unknown`.
 */
export const findCustomer = async (ctx: Context, id: number): Promise<Customer> => known(await select(ctx, id));

/**
 * One customer about whom something may be written.
 *
 * @throws AppError `customer_unknown`, `customer_erased`.
 */
export const findChangeable = async (ctx: Context, id: number): Promise<Customer> => changeable(await select(ctx, id));

/**
 * What a query finds about a customer, in one trip with whether there is such a customer.
 *
 * @throws AppError `customer_unknown`.
 */
export async function aboutCustomer<Query extends BatchItem<"sqlite">>(ctx: Context, id: number, query: Query) {
  const [rows, found] = await ctx.db.batch([select(ctx, id), query]);
  known(rows);
  return found;
}

/**
 * The same about a customer about whom something may be written.
 *
 * @throws AppError `customer_unknown`, `customer_erased`.
 */
export async function aboutChangeable<Query extends BatchItem<"sqlite">>(ctx: Context, id: number, query: Query) {
  const [rows, found] = await ctx.db.batch([select(ctx, id), query]);
  changeable(rows);
  return found;
}

/** What `q` asks of a customer: beginnings of words, digits of a number, or a number or address that was ever theirs. */
function matches(ctx: Context, q: string): SQL | undefined {
  const searched = words(q).slice(0, SEARCH_WORDS);
  if (searched.length === 0) return sql`false`;
  const isDigits = new RegExp(`^[0-9]{${SEARCH_DIGITS},}$`);
  const inText = searched.map((word) => {
    return sql`instr(${customers.search_text}, ${isDigits.test(word) ? word : ` ${word}`}) > 0`;
  });
  const folded = fold(q);
  const digits = folded.replace(/[^0-9]/g, "");
  const isNumber = digits.length >= SEARCH_DIGITS && !/[\p{L}@]/u.test(folded);
  const inNumbers = isNumber
    ? sql`(instr(${customers.phone}, ${digits}) > 0 OR instr(${customers.whatsapp}, ${digits}) > 0)`
    : undefined;
  const whole = toAddress(q) ?? toE164(q, ctx.env.DEFAULT_REGION);
  const everTheirs =
    whole === null
      ? undefined
      : sql`${customers.id} IN (SELECT customer_id FROM contact_methods WHERE value = ${whole})`;
  return or(and(...inText), inNumbers, everTheirs);
}

/**
 * A page of customers, newest first. Erased ones are in no list.
 *
 * Without `q` a page reads the rows that it shows and passes over archived ones in between; with `q` the customers are
 * gone through, newest first, until the page is full.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listCustomers(ctx: Context, query: CustomerListQuery) {
  const before = decodeId("customers", query.cursor);
  const rows = await ctx.db
    .select(customerColumns)
    .from(customers)
    .where(
      and(
        query.archived === "true" ? isNotNull(customers.archived_at) : isNull(customers.archived_at),
        isNull(customers.erased_at),
        before ? lt(customers.id, before) : undefined,
        query.q === undefined ? undefined : matches(ctx, query.q),
      ),
    )
    .orderBy(desc(customers.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("customers", rows, query.limit);
  return { customers: page, next_cursor };
}
