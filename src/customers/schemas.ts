import { z } from "@hono/zod-openapi";
import { PAGE_MAX, pageQuery } from "../http/cursor.ts";
import {
  count,
  EMAIL_FORMAT,
  exactText,
  IdParam,
  id,
  instant,
  isEmail,
  line,
  notation,
  nullableText,
  optionalText,
  pathId,
  text,
  version,
} from "../http/schemas.ts";
import { CONTACT_DIRECTIONS, CONTACT_KINDS, HISTORY_CHANNELS } from "../vocabulary/contacts.ts";
import { EMAIL_STATUSES, OPENED_BY } from "../vocabulary/emails.ts";
import { LOCALES } from "../vocabulary/locales.ts";

const phone = notation(0, 40).openapi({
  example: "+1 514 555 0123",
  description: "Any usual spelling; kept as E.164.",
});
const orNone = <S extends z.ZodType<string>>(schema: S) =>
  schema.transform((value) => (value === "" ? null : value)).nullable();
// A form that was left empty is taken for none, though the document does not say so.
const email = orNone(
  z
    .string()
    .trim()
    .refine((value) => value === "" || isEmail(value), "must be an e-mail address"),
).openapi({ ...EMAIL_FORMAT, type: ["string", "null"], example: "jeanne@atelier.example" });

export const CreateCustomerInput = z
  .object({
    name: line(1, 200),
    company: optionalText(200, line),
    email: email.default(null),
    phone: orNone(phone).default(null),
    whatsapp: orNone(phone).optional().openapi({ description: "Follows `phone` while it is not given." }),
    language: z.enum(LOCALES).nullable().default(null),
    notes: optionalText(5000),
  })
  .openapi("CreateCustomerInput", {
    example: { name: "Luc Gagnon", company: "Usinage Gagnon", email: "luc@gagnon.example", language: "fr" },
  });
export type CreateCustomerInput = z.output<typeof CreateCustomerInput>;

export const UpdateCustomerInput = z
  .object({
    name: line(1, 200),
    company: nullableText(200, line),
    email,
    phone: orNone(phone),
    whatsapp: orNone(phone),
    language: z.enum(LOCALES).nullable(),
    notes: nullableText(5000),
    archived: z.boolean().openapi({ description: "Archived customers are in no list, and no new ticket names them." }),
  })
  .partial()
  .openapi("UpdateCustomerInput", { example: { company: "Usinage Gagnon inc." } });
export type UpdateCustomerInput = z.output<typeof UpdateCustomerInput>;

export const Customer = z
  .object({
    id,
    name: z.string(),
    company: z.string().nullable(),
    email: z.string().nullable().openapi({ format: "email" }),
    phone: z.string().nullable(),
    whatsapp: z.string().nullable(),
    language: z.enum(LOCALES).nullable(),
    notes: z.string().nullable(),
    version,
    created_at: instant,
    updated_at: instant,
    archived_at: instant.nullable(),
    erased_at: instant.nullable().openapi({ description: "When everything about the person was removed." }),
  })
  .openapi("Customer");
export type Customer = z.output<typeof Customer>;

export const CustomerOutput = z.object({ customer: Customer }).openapi("CustomerOutput");
export const CustomerListOutput = z
  .object({ customers: z.array(Customer).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("CustomerListOutput");
export const CustomerListQuery = z.object({
  ...pageQuery,
  q: text(1, 200).optional().openapi({ description: "Beginnings of words in name, company, e-mail or numbers." }),
  archived: z.enum(["true", "false"]).default("false"),
});
export type CustomerListQuery = z.output<typeof CustomerListQuery>;

export const DeleteCustomerQuery = z.object({
  erase: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "true makes the person anonymous (admin)." }),
});

export const ContactMethod = z
  .object({
    id,
    kind: z.enum(CONTACT_KINDS),
    value: z.string(),
    is_primary: z.boolean(),
    created_at: instant,
    updated_at: instant,
  })
  .openapi("ContactMethod");
export const ContactMethodInput = z
  .object({
    kind: z.enum(CONTACT_KINDS),
    value: notation(1, 254),
    is_primary: z.boolean().default(false),
  })
  .refine(({ kind, value }) => kind !== "email" || value.length > 254 || isEmail(value), {
    path: ["value"],
    message: "must be an e-mail address",
  })
  .openapi("ContactMethodInput", {
    example: { kind: "whatsapp", value: "+1 514 555 0123" },
    anyOf: [
      { properties: { kind: { type: "string", enum: ["email"] }, value: EMAIL_FORMAT } },
      { properties: { kind: { type: "string", enum: CONTACT_KINDS.filter((kind) => kind !== "email") } } },
    ],
  });
export type ContactMethodInput = z.output<typeof ContactMethodInput>;
export const ContactMethodOutput = z.object({ contact_method: ContactMethod }).openapi("ContactMethodOutput");
export const ContactMethodListOutput = z
  .object({ contact_methods: z.array(ContactMethod).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("ContactMethodListOutput");
export const MethodParam = IdParam.extend({
  method_id: pathId.openapi({ param: { name: "method_id", in: "path" } }),
});

const CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
const clock = z.string().regex(new RegExp(CLOCK), "must be HH:MM").nullable();
export const ContactPreferences = z
  .object({
    preferred_channel: z.enum(CONTACT_KINDS),
    allow_email: z.boolean(),
    allow_sms: z.boolean(),
    allow_whatsapp: z.boolean(),
    allow_phone: z.boolean(),
    quiet_from: clock.openapi({ description: "Local time of the shop; news wait until `quiet_until`." }),
    quiet_until: clock,
  })
  .openapi("ContactPreferences");
export type ContactPreferences = z.output<typeof ContactPreferences>;
export const ContactPreferencesInput = ContactPreferences.refine(
  (value) => (value.quiet_from === null) === (value.quiet_until === null),
  {
    path: ["quiet_until"],
    message: "quiet_from and quiet_until go together",
  },
).openapi("ContactPreferencesInput", {
  example: {
    preferred_channel: "email",
    allow_email: true,
    allow_sms: false,
    allow_whatsapp: true,
    allow_phone: true,
    quiet_from: "20:00",
    quiet_until: "07:00",
  },
  description: "Quiet hours have a beginning and an end, which differ, or neither.",
  anyOf: [{ type: "null" as const }, { type: "string" as const, pattern: CLOCK }].map((clock) => ({
    properties: { quiet_from: clock, quiet_until: clock },
  })),
});
export const ContactPreferencesOutput = z
  .object({ contact_preferences: ContactPreferences })
  .openapi("ContactPreferencesOutput");

export const ContactHistoryEntry = z
  .object({
    id,
    ticket_id: id.nullable(),
    user_id: id.nullable(),
    channel: z.enum(HISTORY_CHANNELS),
    direction: z.enum(CONTACT_DIRECTIONS),
    summary: z.string(),
    value: z.string().nullable(),
    created_at: instant,
  })
  .openapi("ContactHistoryEntry");
export const ContactHistoryInput = z
  .object({
    ticket: exactText(0, 40).optional().openapi({ description: "`ticket_id` or `id` of the ticket it was about" }),
    channel: z.enum(HISTORY_CHANNELS),
    direction: z.enum(CONTACT_DIRECTIONS),
    summary: text(1, 2000),
  })
  .openapi("ContactHistoryInput", {
    example: { channel: "phone", direction: "inbound", summary: "Asks when the machine runs again." },
  });
export type ContactHistoryInput = z.output<typeof ContactHistoryInput>;
export const ContactHistoryOutput = z.object({ entry: ContactHistoryEntry }).openapi("ContactHistoryOutput");
export const ContactHistoryListOutput = z
  .object({ contact_history: z.array(ContactHistoryEntry).max(PAGE_MAX), next_cursor: z.string().nullable() })
  .openapi("ContactHistoryListOutput");

export const CustomerExportOutput = z
  .object({
    customer: Customer,
    contact_methods: z.array(ContactMethod).max(PAGE_MAX),
    contact_preferences: ContactPreferences,
    contact_history: z.array(ContactHistoryEntry).max(PAGE_MAX),
    emails: z
      .array(
        z.object({
          ticket_id: z.string(),
          recipient: z.string(),
          recipient_name: z.string().nullable(),
          subject: z.string(),
          body: z.string().nullable(),
          status: z.enum(EMAIL_STATUSES),
          reason: z.string().nullable(),
          created_at: instant,
          sent_at: instant.nullable(),
          opened_at: instant.nullable(),
          open_count: count,
          opened_by: z.enum(OPENED_BY).nullable(),
        }),
      )
      .max(PAGE_MAX),
    tickets: z.array(z.object({ ticket_id: z.string(), title: z.string(), created_at: instant })).max(PAGE_MAX),
    next_cursor: z.string().nullable(),
  })
  .openapi("CustomerExportOutput");
