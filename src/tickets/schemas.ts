import { z } from "@hono/zod-openapi";
import { pageQuery } from "../http/cursor.ts";
import { id, inputInstant, instant, optionalText, text } from "../http/schemas.ts";

export const TICKET_STATUSES = [
  "received",
  "diagnostic",
  "in_progress",
  "waiting_parts",
  "completed",
  "cancelled",
  "archived",
] as const;
export const TICKET_PRIORITIES = ["low", "medium", "high", "critical"] as const;
export const TIMELINE_ACTIONS = [
  "created",
  "updated",
  "status_changed",
  "assigned",
  "commented",
  "acknowledged",
  "attached",
  "deleted",
  "notified",
  "notification_failed",
] as const;

export const CreateTicketInput = z
  .object({
    title: text(3, 200).openapi({ example: "Spindle vibrates above 8,000 rpm" }),
    description: optionalText(5000),
    machine_id: id.openapi({ example: 1 }),
    priority: z.enum(TICKET_PRIORITIES).default("medium"),
    assigned_to: id.nullish().transform((value) => value ?? null),
    customer_id: id.nullish().transform((value) => value ?? null),
    reporter_name: optionalText(100).openapi({ description: "Who noticed it, when not the sender." }),
    scheduled_date: inputInstant.nullish().transform((value) => value ?? null),
    is_machine_down: z.boolean().default(false),
    reported_at: inputInstant
      .nullish()
      .transform((value) => value ?? null)
      .openapi({ description: "When it was written offline: at most 30 days ago and 5 minutes ahead." }),
  })
  .openapi("CreateTicketInput");
export type CreateTicketInput = z.output<typeof CreateTicketInput>;

export const Ticket = z
  .object({
    id,
    ticket_id: z.string().openapi({ example: "CNC-1126-0001", description: "The number that can be said aloud." }),
    title: z.string(),
    description: z.string().nullable(),
    status: z.enum(TICKET_STATUSES),
    priority: z.enum(TICKET_PRIORITIES),
    machine_id: id,
    machine_type: z.string().openapi({ example: "CNC" }),
    machine_name: z.string(),
    customer_id: id.nullable(),
    reported_by: id,
    reporter_name: z.string(),
    assigned_to: id.nullable(),
    assignee_name: z.string().nullable(),
    is_machine_down: z.boolean(),
    scheduled_date: instant.nullable(),
    reported_at: instant,
    acknowledged_at: instant.nullable(),
    acknowledged_by: id.nullable(),
    completed_at: instant.nullable(),
    created_at: instant,
    updated_at: instant,
    version: z.int(),
  })
  .openapi("Ticket");
export type Ticket = z.output<typeof Ticket>;

export const TimelineEntry = z
  .object({
    id,
    ticket_id: id,
    user_id: id.nullable(),
    user_name: z.string().nullable(),
    action: z.enum(TIMELINE_ACTIONS),
    old_value: z.string().nullable(),
    new_value: z.string().nullable(),
    comment: z.string().nullable(),
    created_at: instant,
  })
  .openapi("TimelineEntry");

export const TicketOutput = z.object({ ticket: Ticket }).openapi("TicketOutput");
export type TicketOutput = z.output<typeof TicketOutput>;

export const TicketWithTimelineOutput = z
  .object({ ticket: Ticket.extend({ timeline: z.array(TimelineEntry) }) })
  .openapi("TicketWithTimelineOutput");

export const TicketListOutput = z
  .object({ tickets: z.array(Ticket), next_cursor: z.string().nullable() })
  .openapi("TicketListOutput");

export const TicketListQuery = z.object({ ...pageQuery });
export type TicketListQuery = z.output<typeof TicketListQuery>;

export const TicketRefParam = z.object({
  ref: z
    .string()
    .openapi({ param: { name: "ref", in: "path" }, example: "CNC-1126-0001", description: "`ticket_id` or `id`" }),
});
