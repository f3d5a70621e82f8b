import Stripe from "stripe";
import type { Context } from "../context.ts";

/** Clocks differ; Stripe's `created` is Stripe's. */
const CLOCK_SKEW_SECONDS = 300;
const PAGE = 100;
const PAGES = 3;
/** Search is behind by up to this (Stripe: less than a minute, during outages up to an hour). */
const SEARCH_LAG_MS = 60 * 60_000;
/** How long a request that we have given up may still be at work at Stripe. */
const IN_FLIGHT_MS = 2 * 60_000;

/** A creation at Stripe whose outcome is not known. */
export interface Creation {
  idempotency_key: string;
  /** The parameters of the first try, as JSON. */
  parameters: string;
  is_spent: number;
  first_tried_at: string;
  last_tried_at: string;
}

/** Nobody knows yet whether Stripe has done what it was asked; ask again later. */
export class NotKnownYet extends Error {
  readonly waitSeconds: number;

  constructor(waitMs: number) {
    super("not known yet");
    this.waitSeconds = Math.ceil(waitMs / 1000);
  }
}

/**
 * Finds the customer that earlier tries may have made, by `metadata[customer_id]`. Lists are up to date, so the
 * customers since the first try are looked through. The search, which lags, is asked when they are too many, or were
 * looked for by an address.
 *
 * @returns null when there is none for certain.
 * @throws NotKnownYet when that cannot be said at this time.
 */
export async function findCreated(
  ctx: Context,
  stripe: Stripe,
  customerId: number,
  creation: Creation,
): Promise<Stripe.Customer | null> {
  const sinceLastTry = ctx.now().getTime() - Date.parse(creation.last_tried_at);
  if (creation.is_spent === 0 && sinceLastTry < IN_FLIGHT_MS) throw new NotKnownYet(IN_FLIGHT_MS - sinceLastTry);

  const ours = (customer: Stripe.Customer) => customer.metadata.customer_id === String(customerId);
  const since = Math.floor(Date.parse(creation.first_tried_at) / 1000) - CLOCK_SKEW_SECONDS;
  const { email } = JSON.parse(creation.parameters) as { email?: string };
  const listed = await list(stripe, ours, since, email).catch((error: unknown) => {
    // An address that Stripe refuses to look for as well.
    if (email && error instanceof Stripe.errors.StripeInvalidRequestError) return list(stripe, ours, since);
    throw error;
  });
  // The address may be another by now; once the search is up to date it is asked as well.
  if (listed || (listed === null && (!email || sinceLastTry < SEARCH_LAG_MS))) return listed;
  const { data } = await stripe.customers.search({ query: `metadata['customer_id']:'${customerId}'`, limit: PAGE });
  const found = data.find(ours);
  if (!found && sinceLastTry < SEARCH_LAG_MS) throw new NotKnownYet(SEARCH_LAG_MS - sinceLastTry);
  return found ?? null;
}

/** @returns null when there is none for certain; undefined when there are too many to look through. */
async function list(
  stripe: Stripe,
  ours: (customer: Stripe.Customer) => boolean,
  since: number,
  email?: string,
): Promise<Stripe.Customer | null | undefined> {
  let after: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { data, has_more } = await stripe.customers.list({
      created: { gte: since },
      limit: PAGE,
      ...(email && { email }),
      ...(after && { starting_after: after }),
    });
    const found = data.find(ours);
    if (found) return found;
    if (!has_more) return null;
    after = data.at(-1)?.id;
  }
}
