import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { count, exactText, httpStatus, id, instant, optionalText, pathId, webAddress } from "../http/schemas.ts";
import { DEVICE_RESULTS, PUSH_LOG_STATUSES } from "../vocabulary/deliveries.ts";

export const VapidPublicKeyOutput = z.object({ public_key: z.string() }).openapi("VapidPublicKeyOutput");

export const SubscribeInput = z
  .object({
    subscription: z
      .object({
        endpoint: webAddress,
        keys: z.object({
          p256dh: exactText(0, 200).openapi({ description: "A point of P-256, uncompressed, in base64url." }),
          auth: exactText(0, 200).openapi({ description: "16 bytes in base64url." }),
        }),
      })
      .openapi({ description: "What `PushSubscription.toJSON()` gives." }),
    device_name: optionalText(100),
  })
  .openapi("SubscribeInput");
export type SubscribeInput = z.output<typeof SubscribeInput>;

export const PushSubscription = z
  .object({
    id,
    device_name: z.string().nullable(),
    push_service: z.string().openapi({ description: "Host of the push service." }),
    created_at: instant,
    last_used_at: instant,
  })
  .openapi("PushSubscription");

/** Devices that one person may have (contract section 5); the longest unused makes room. */
export const DEVICES_PER_USER = 10;

export const SubscriptionOutput = z.object({ subscription: PushSubscription }).openapi("SubscriptionOutput");
export const SubscriptionListOutput = z
  .object({ subscriptions: z.array(PushSubscription).max(DEVICES_PER_USER), next_cursor: z.null() })
  .openapi("SubscriptionListOutput");

export const PushTestOutput = z
  .object({
    results: z
      .array(
        z.object({
          subscription_id: id,
          device_name: z.string().nullable(),
          status: z.enum(DEVICE_RESULTS),
          http_status: httpStatus.nullable(),
          error_message: z.string().nullable(),
        }),
      )
      .max(DEVICES_PER_USER),
  })
  .openapi("PushTestOutput");

export const PushLog = z
  .object({
    id,
    delivery_id: id,
    ticket_id: id.nullable(),
    user_id: id,
    subscription_id: id.nullable(),
    status: z.enum(PUSH_LOG_STATUSES),
    http_status: httpStatus.nullable(),
    error_message: z.string().nullable(),
    attempt: count,
    created_at: instant,
  })
  .openapi("PushLog");

export const PushLogListQuery = z.object({
  ...pageQuery,
  ticket: z.string().max(40).optional().openapi({ description: "`ticket_id` or `id` of a ticket" }),
  user_id: pathId.optional(),
});
export type PushLogListQuery = z.output<typeof PushLogListQuery>;

export const PushLogListOutput = z
  .object({ logs: z.array(PushLog).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("PushLogListOutput");
