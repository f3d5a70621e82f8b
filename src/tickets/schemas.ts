import { z } from "@hono/zod-openapi";
import { cursorText, PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { INSTANT_BOUNDS, id, inputInstant, instant, optionalText, pathId, text, version } from "../http/schemas.ts";
import { Machine } from "../machines/schemas.ts";
import { TICKET_PRIORITIES } from "../vocabulary/priorities.ts";
import { TICKET_STATUSES } from "../vocabulary/statuses.ts";
import { TIMELINE_ACTIONS } from "../vocabulary/timeline.ts";
import type { ChangedField, CreatedField, StoredField } from "./fields.ts";

/** When something was done, where that is not when it arrives. */
export const occurredAt = inputInstant.optional().openapi({
  description: `When it was done: at most 30 days ago; what lies ahead is now. Absent: when it arrives. ${INSTANT_BOUNDS}`,
});

export const CreateTicketInput = z
  .object({
    title: text(3, 200).openapi({ example: "Spindle vibrates above 8,000 rpm" }),
    description: optionalText(5000),
    machine_id: id.openapi({ example: 1 }),
    priority: z.enum(TICKET_PRIORITIES).default("medium"),
    assigned_to: id.nullish().transform((value) => value ?? null),
    customer_id: id.nullish().transform((value) => value ?? null),
    reporter_name: optionalText(100).openapi({ description: "Who noticed it, when not the sender." }),
    scheduled_date: inputInstant
      .nullish()
      .transform((value) => value ?? null)
      .openapi({ type: ["string", "null"] }),
    is_machine_down: z.boolean().default(false),
    reported_at: inputInstant
      .nullish()
      .transform((value) => value ?? null)
      .openapi({
        type: ["string", "null"],
        description: "When it was written offline: at most 30 days ago and 5 minutes ahead.",
      }),
  } satisfies Record<CreatedField, z.ZodType>)
  .openapi("CreateTicketInput", { example: { title: "Spindle vibrates above 8,000 rpm", machine_id: 1 } });
export type CreateTicketInput = z.output<typeof CreateTicketInput>;

/** What follows from the rest, or is noted by us: nobody sets it. */
type ReadOnlyField =
  | "id"
  | "ticket_id"
  | "machine_type"
  | "machine_name"
  | "reported_by"
  | "assignee_name"
  | `acknowledged_${"at" | "by"}`
  | "updated_at"
  | "version";

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
    version,
  } satisfies Record<StoredField | ReadOnlyField, z.ZodType>)
  .openapi("Ticket");
export type Ticket = z.output<typeof Ticket>;

/** What a PATCH may set. */
export const ChangedFields = z.object({
  title: text(3, 200),
  description: text(0, 5000)
    .transform((value) => (value === "" ? null : value))
    .nullable(),
  priority: z.enum(TICKET_PRIORITIES),
  assigned_to: id.nullable(),
  customer_id: id.nullable(),
  reporter_name: text(1, 100),
  scheduled_date: inputInstant.nullable().openapi({ type: ["string", "null"] }),
  reported_at: inputInstant,
  is_machine_down: z.boolean(),
  status: z.enum(TICKET_STATUSES),
  comment: text(1, 5000),
} satisfies Record<ChangedField, z.ZodType>);

export const UpdateTicketInput = ChangedFields.extend({
  from_status: z.enum(TICKET_STATUSES).openapi({
    description: "What `status` was when it was decided to change it: where it is another by now, 409 `overtaken`.",
  }),
  from_assigned_to: id.nullable().openapi({
    description:
      "Who had the ticket when it was decided to assign it: where it is neither they nor the new one by now, 409 " +
      "`overtaken`.",
  }),
  occurred_at: occurredAt,
})
  .partial()
  .openapi("UpdateTicketInput", { example: { status: "in_progress", comment: "Bearing is worn, I change it." } });
export type UpdateTicketInput = z.output<typeof UpdateTicketInput>;

export const CommentInput = z
  .object({ body: text(1, 5000), occurred_at: occurredAt })
  .openapi("CommentInput", { example: { body: "Coolant pump is running again." } });

export type CommentInput = z.output<typeof CommentInput>;

export const AcknowledgeInput = z.object({ occurred_at: occurredAt }).openapi("AcknowledgeInput", { example: {} });

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
    occurred_at: instant.nullable().openapi({
      type: ["string", "null"],
      description: "When it was done, where that was before it arrived at `created_at`: offline, say.",
    }),
  })
  .openapi("TimelineEntry");
export type TimelineEntry = z.output<typeof TimelineEntry>;

export const CommentOutput = z.object({ comment: TimelineEntry }).openapi("CommentOutput");
export type CommentOutput = z.output<typeof CommentOutput>;

/** Entries of its timeline that a ticket is shown with: the newest. The rest is a cursor away. */
export const TIMELINE_SHOWN = 100;

export const TimelineOutput = z
  .object({
    timeline: z.array(TimelineEntry).max(PAGE_MAX),
    next_cursor: z.string().nullable().openapi({ description: "The place after this page, for `cursor`." }),
    previous_cursor: z.string().nullable().openapi({ description: "The place before this page, for `before`." }),
  })
  .openapi("TimelineOutput");

export const TimelineQuery = z
  .object({
    ...pageQuery,
    before: cursorText.optional().openapi({
      description:
        "`timeline_before` of the ticket, or `previous_cursor` of a page: the last entries before that place. Not " +
        "together with `cursor`.",
    }),
  })
  .refine(({ cursor, before }) => cursor === undefined || before === undefined, {
    path: ["before"],
    message: "does not go together with cursor",
  });
export type TimelineQuery = z.output<typeof TimelineQuery>;

export const TicketOutput = z.object({ ticket: Ticket }).openapi("TicketOutput");
export type TicketOutput = z.output<typeof TicketOutput>;

export const TicketWithTimeline = Ticket.extend({
  timeline: z
    .array(TimelineEntry)
    .max(TIMELINE_SHOWN)
    .openapi({ description: "The newest entries, oldest of them first." }),
  timeline_before: z.string().nullable().openapi({
    description: "`before` of `GET /api/tickets/{ref}/timeline` for the entries before these; null: there are none.",
  }),
}).openapi("TicketWithTimeline");
export type TicketWithTimeline = z.output<typeof TicketWithTimeline>;

export const TicketWithTimelineOutput = z.object({ ticket: TicketWithTimeline }).openapi("TicketWithTimelineOutput");

export const TicketListOutput = z
  .object({ tickets: z.array(Ticket).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("TicketListOutput");

/** What a scanned label shows at most of open tickets, and of titles to pick from. */
export const LABEL_TICKETS = 20;
export const LABEL_TITLES = 5;

export const MachineByLabelOutput = z
  .object({
    machine: Machine,
    open_tickets: z
      .array(Ticket)
      .max(LABEL_TICKETS)
      .openapi({ description: "Those that keep it out of service, then the newest." }),
    frequent_titles: z
      .array(z.string())
      .max(LABEL_TITLES)
      .openapi({ description: "What was reported most in the last year: of the machine, then of its type." }),
  })
  .openapi("MachineByLabelOutput");
export type MachineByLabelOutput = z.output<typeof MachineByLabelOutput>;

/** A comma-separated list of known names, without repeats. */
const oneOrMore = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z
    .string()
    .max(200)
    .transform((value) => [...new Set(value.split(","))])
    .pipe(z.array(z.enum(names)).min(1))
    .optional()
    .openapi({
      param: { style: "form", explode: false },
      type: "array",
      items: { type: "string", enum: [...names] },
      minItems: 1,
      maxItems: names.length,
      description: "One or more, separated by commas.",
    });

const queryId = pathId.optional();

export const TICKET_SORTS = ["-created_at", "created_at", "-updated_at", "priority"] as const;

/** What narrows a list of tickets down; the same for lists, CSV and machine history. */
export const ticketFilters = {
  status: oneOrMore(TICKET_STATUSES),
  priority: oneOrMore(TICKET_PRIORITIES),
  machine_id: queryId,
  machine_type: z
    .string()
    .regex(/^[A-Z]{2,6}$/, "must be 2 to 6 capital letters")
    .optional(),
  assigned_to: z
    .union([z.enum(["me", "none"]), queryId.unwrap()])
    .optional()
    .openapi({ type: "string", pattern: "^(me|none|[1-9][0-9]{0,14})$", description: "`me`, `none` or a user id" }),
  reported_by: queryId,
  customer_id: queryId,
  q: text(1, 200).optional().openapi({
    description: "Beginnings of words in number, title, description, machine name, model or serial number.",
  }),
  updated_after: inputInstant.optional(),
};

export const TicketListQuery = z.object({
  ...ticketFilters,
  sort: z.enum(TICKET_SORTS).default("-created_at"),
  ...pageQuery,
});
export type TicketListQuery = z.output<typeof TicketListQuery>;

export const QueueQuery = z.object(pageQuery);

export const LabelParam = z.object({
  // As with a ticket's number, a text that is no token names no machine.
  token: z.string().openapi({ param: { name: "token", in: "path" }, maxLength: 40, description: "`qr_token`" }),
});

export const TicketRefParam = z.object({
  // The length is not checked: a longer text names no ticket, which is 404.
  ref: z.string().openapi({
    param: { name: "ref", in: "path" },
    maxLength: 40,
    example: "CNC-1126-0001",
    description: "`ticket_id` or `id`",
  }),
});
