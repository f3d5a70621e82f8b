import { z } from "@hono/zod-openapi";
import { Delivery } from "../deliveries/schemas.ts";
import { count, id, instant } from "../http/schemas.ts";
import { PAUSE_REASONS } from "../vocabulary/deliveries.ts";

/** More ids than the body's limit has room for are not named one by one. */
const IDS_LIMIT = 10_000;

export const SyncCustomersInput = z
  .object({
    ids: z.array(id).max(IDS_LIMIT).optional().openapi({ description: "All customers in use, when left out." }),
    after: count
      .default(0)
      .openapi({ description: "Only customers with a greater id: the `next_after` of the answer before." }),
  })
  .openapi("SyncCustomersInput");
export type SyncCustomersInput = z.output<typeof SyncCustomersInput>;

export const SyncedCustomerOutput = z.object({ delivery: Delivery }).openapi("SyncedCustomerOutput");

export const SyncCustomersOutput = z
  .object({
    queued: count.openapi({ description: "One job for each customer, new or brought up to date." }),
    unknown: z.array(id).max(IDS_LIMIT).openapi({ description: "Named ids that no customer has." }),
    next_after: id.nullable().openapi({ description: "Where to go on, when one request could not take all." }),
  })
  .openapi("SyncCustomersOutput");

/** How far each figure is counted: whoever looks at progress need not wait for more. */
export const COUNTED_MAX = 10_000;
const counted = count.openapi({ description: "Counted up to 10,000." });

export const SyncStatusOutput = z
  .object({
    total: count.openapi({ description: "The sum of the next four. Completed jobs leave the table after 30 days." }),
    pending: counted,
    processing: counted,
    completed: counted,
    failed: counted,
    linked: count.openapi({ description: "Customers whose customer at Stripe is known, counted up to 10,000." }),
    configured: z.boolean(),
    paused: z
      .object({
        reason: z.enum(PAUSE_REASONS),
        since: instant,
        probe_at: instant.openapi({ description: "When one job is tried again." }),
      })
      .nullable()
      .openapi({ description: "Set while Stripe refuses the key: jobs wait, and no try is used up." }),
  })
  .openapi("SyncStatusOutput");

export const StripeEventInput = z
  .object({
    id: z.string().max(255),
    type: z.string().max(255),
    created: count,
    data: z.object({ object: z.unknown() }),
  })
  .openapi("StripeEventInput", { description: "An event as Stripe sends it; the signature is over the raw body." });

export const StripeEventOutput = z.object({ received: z.literal(true) }).openapi("StripeEventOutput");
