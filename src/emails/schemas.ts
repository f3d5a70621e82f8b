import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import { count, emailAddress, id, instant, line, text } from "../http/schemas.ts";
import { EMAIL_STATUSES, OPENED_BY, TEMPLATES } from "../vocabulary/emails.ts";
import { LOCALES } from "../vocabulary/locales.ts";

/** Recipients of one send (contract section 1). */
export const RECIPIENTS_MAX = 50;

// A sender who names one of these expects it in the mail: it is refused rather than left out in silence.
const notTaken = z
  .unknown()
  .refine((value) => value === undefined, "is not taken: send plain text in body")
  .optional()
  .openapi({ not: {}, description: "Not taken: every mail is made of the service's own template." });

export const SendEmailInput = z
  .object({
    recipients: z
      .array(z.object({ email: emailAddress, name: line(0, 200).optional() }))
      .min(1)
      .max(RECIPIENTS_MAX)
      .openapi({ description: "An address that comes twice gets one mail." }),
    subject: line(1, 200).openapi({ description: "The ticket's number is put before it." }),
    body: text(1, 20_000).openapi({ description: "Plain text; it is escaped, so that HTML arrives as it was typed." }),
    html: notTaken,
    template: notTaken,
    language: z
      .enum(LOCALES)
      .optional()
      .openapi({ description: "Of the words around the text, for recipients whose language is not known." }),
  })
  .openapi("SendEmailInput", {
    example: {
      recipients: [{ email: "luc@gagnon.example", name: "Luc Gagnon" }],
      subject: "Your machine",
      body: "The part arrives on Monday.",
    },
  });
export type SendEmailInput = z.output<typeof SendEmailInput>;

export const EmailRecipient = z
  .object({
    id,
    recipient: z.string().openapi({ format: "email" }),
    recipient_name: z.string().nullable(),
    status: z.enum(EMAIL_STATUSES),
    reason: z.string().nullable().openapi({ description: "Why it failed or was suppressed.", example: "opted_out" }),
    sent_at: instant.nullable(),
    opened_at: instant.nullable().openapi({ description: "The first time that its pixel was fetched." }),
    open_count: count,
    opened_by: z.enum(OPENED_BY).nullable().openapi({
      description: "The best that is known: mail services and scanners that fetch every image are `machine`.",
    }),
  })
  .openapi("EmailRecipient");
export type EmailRecipient = z.output<typeof EmailRecipient>;

export const SendEmailOutput = z
  .object({ tracking_id: z.string(), emails: z.array(EmailRecipient).max(RECIPIENTS_MAX) })
  .openapi("SendEmailOutput");
export type SendEmailOutput = z.output<typeof SendEmailOutput>;

export const EmailGroup = z
  .object({
    tracking_id: z.string(),
    ticket_id: z.string().openapi({ example: "CNC-1126-0001" }),
    template: z.enum(TEMPLATES),
    subject: z.string(),
    user_id: id.nullable().openapi({ description: "Who sent it; null for news that went out by themselves." }),
    created_at: instant,
    sent_at: instant.nullable().openapi({ description: "When the newest of its mails left." }),
    recipient_count: count,
    opened_count: count.openapi({ description: "Recipients that opened it; fetches by machines do not count." }),
    recipients: z.array(EmailRecipient).max(RECIPIENTS_MAX),
  })
  .openapi("EmailGroup");

export const EmailListQuery = z.object({
  ...pageQuery,
  ticket: z.string().max(40).optional().openapi({ description: "`ticket_id` or `id` of a ticket" }),
});
export type EmailListQuery = z.output<typeof EmailListQuery>;

export const EmailListOutput = z
  .object({ emails: z.array(EmailGroup).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("EmailListOutput");
