import { eq } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Context } from "../context.ts";
import { customers } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import type { Customer } from "./schemas.ts";

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
