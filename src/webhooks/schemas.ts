import { z } from "@hono/zod-openapi";
import { PAGE_MAX } from "../http/cursor.ts";
import { httpStatus, id, instant, nullableText, optionalText, webAddress } from "../http/schemas.ts";
import { DISABLED_REASONS } from "../vocabulary/deliveries.ts";
import { WEBHOOK_EVENTS } from "../vocabulary/events.ts";

const url = webAddress.openapi({ example: "https://connect.example.com/workflow/123" });
const events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .max(WEBHOOK_EVENTS.length)
  .transform((names) => [...new Set(names)])
  .openapi({ example: ["ticket.created", "notification.fallback"] });

export const CreateWebhookInput = z
  .object({ url, events, description: optionalText(200), active: z.boolean().default(true) })
  .openapi("CreateWebhookInput", {
    example: { url: "https://connect.example.com/workflow/123", events: ["ticket.created"], description: "Pabbly" },
  });
export type CreateWebhookInput = z.output<typeof CreateWebhookInput>;

export const UpdateWebhookInput = z
  .object({
    url: url.optional(),
    events: events.optional(),
    description: nullableText(200).optional(),
    active: z.boolean().optional().openapi({ description: "true clears what had switched it off." }),
  })
  .openapi("UpdateWebhookInput", { example: { active: true } });
export type UpdateWebhookInput = z.output<typeof UpdateWebhookInput>;

export const WebhookEndpoint = z
  .object({
    id,
    url: z.string().openapi({ format: "uri" }),
    events: z.array(z.enum(WEBHOOK_EVENTS)).max(WEBHOOK_EVENTS.length),
    description: z.string().nullable(),
    active: z.boolean(),
    disabled_reason: z.enum(DISABLED_REASONS).nullable(),
    failing_since: instant.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("WebhookEndpoint");

export const WebhookOutput = z.object({ webhook: WebhookEndpoint }).openapi("WebhookOutput");
export const WebhookWithSecretOutput = z
  .object({ webhook: WebhookEndpoint.extend({ secret: z.string().openapi({ description: "Shown this once." }) }) })
  .openapi("WebhookWithSecretOutput");
export const WebhookListOutput = z
  .object({ webhooks: z.array(WebhookEndpoint).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("WebhookListOutput");

export const WebhookTestOutput = z
  .object({
    delivered: z.boolean(),
    http_status: httpStatus.nullable(),
    error: z.string().nullable(),
    response: z.string().nullable(),
  })
  .openapi("WebhookTestOutput");
