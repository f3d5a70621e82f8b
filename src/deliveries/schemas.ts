import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { count, httpStatus, id, instant } from "../http/schemas.ts";
import { CHANNELS } from "../vocabulary/channels.ts";
import { DELIVERY_STATUSES, FINAL_DELIVERY_STATUSES, PAUSE_REASONS } from "../vocabulary/deliveries.ts";

export const Delivery = z
  .object({
    id,
    channel: z.enum(CHANNELS),
    target: z.string().openapi({ example: "webhook:1" }),
    subject: z.string().openapi({ example: "ticket:17" }),
    event_type: z.string().openapi({ example: "ticket.created" }),
    status: z.enum(DELIVERY_STATUSES),
    attempts: count,
    next_attempt_at: instant.nullable(),
    last_error: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
    completed_at: instant.nullable(),
  })
  .openapi("Delivery");
export type Delivery = z.output<typeof Delivery>;

export const DeliveryAttempt = z
  .object({
    attempt: count,
    started_at: instant,
    duration_ms: count,
    http_status: httpStatus.nullable(),
    error: z.string().nullable(),
    response: z.string().nullable().openapi({ description: "The first 2 KiB." }),
  })
  .openapi("DeliveryAttempt");

export const DeliveryListQuery = z.object({
  ...pageQuery,
  channel: z.enum(CHANNELS).optional(),
  status: z.enum(DELIVERY_STATUSES).optional(),
  ticket: z.string().max(40).optional().openapi({ description: "`ticket_id` or `id` of a ticket" }),
  subject: z.string().min(3).max(300).optional().openapi({ example: "customer:12" }),
});
export type DeliveryListQuery = z.output<typeof DeliveryListQuery>;

export const DeliveryListOutput = z
  .object({ deliveries: z.array(Delivery).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("DeliveryListOutput");

/** Tries that a delivery is shown with: the newest. Without a retry by hand it has fewer. */
export const TRIES_SHOWN = 100;

export const DeliveryOutput = z
  .object({ delivery: Delivery.extend({ payload: z.unknown(), tries: z.array(DeliveryAttempt).max(TRIES_SHOWN) }) })
  .openapi("DeliveryOutput");

export const RetriedDeliveryOutput = z.object({ delivery: Delivery }).openapi("RetriedDeliveryOutput");

const ChannelHealth = z.object({ pending: count, processing: count, failed: count, stuck: count });
export const DeliveryHealthOutput = z
  .object({
    pending: count,
    processing: count,
    failed: count,
    stuck: count.openapi({ description: "Due, or leased, for more than an hour." }),
    oldest_due_seconds: count,
    duplicates: count,
    invalid: count,
    by_channel: z.record(z.string(), ChannelHealth),
    paused: z
      .array(
        z.object({
          channel: z.enum(CHANNELS),
          reason: z.enum(PAUSE_REASONS),
          since: instant,
          probe_at: instant,
        }),
      )
      .max(CHANNELS.length)
      .openapi({ description: "Channels whose credential was refused; what waits there uses up no try." }),
  })
  .openapi("DeliveryHealthOutput");

export const CleanupInput = z
  .object({
    older_than_hours: z.int().min(1).max(87_600).default(720),
    status: z.enum(FINAL_DELIVERY_STATUSES).default("completed"),
    dry_run: z.boolean().default(false),
  })
  .openapi("CleanupInput");

export const CleanupOutput = z
  .object({
    matched: count.openapi({ description: "Counted up to 10,000." }),
    deleted: count.openapi({ description: "5,000 at most." }),
    remaining: count.openapi({ description: "Send the request again while this is not 0." }),
    dry_run: z.boolean(),
  })
  .openapi("CleanupOutput");
