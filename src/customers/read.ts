import { and, desc, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { customers } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { words } from "../search/words.ts";
import type { Customer, CustomerListQuery } from "./schemas.ts";

const SEARCH_WORDS = 6;

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
};

/**
 * One customer, archived or not.
 *
 * @throws AppError `customer_unknown`.
 */
export async function findCustomer(ctx: Context, id: number): Promise<Customer> {
  const [customer] = await ctx.db.select(customerColumns).from(customers).where(eq(customers.id, id)).limit(1);
  if (!customer) throw new AppError("customer_unknown");
  return customer;
}

/**
 * A page of customers, newest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listCustomers(ctx: Context, query: CustomerListQuery) {
  const before = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const searched = query.q === undefined ? null : words(query.q).slice(0, SEARCH_WORDS);
  if (searched?.length === 0) return { customers: [], next_cursor: null };
  const rows = await ctx.db
    .select(customerColumns)
    .from(customers)
    .where(
      and(
        query.archived === "true" ? isNotNull(customers.archived_at) : isNull(customers.archived_at),
        before ? lt(customers.id, before[0]) : undefined,
        ...(searched ?? []).map((word) => sql`instr(${customers.search_text}, ${` ${word}`}) > 0`),
      ),
    )
    .orderBy(desc(customers.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { customers: page, next_cursor };
}
