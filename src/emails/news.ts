import { createHash } from "node:crypto";
import { isNotNullViolation } from "../db/errors.ts";
import { type Claim, type DeliveryContext, type Outcome, referencedId, referencedIdSql } from "../deliveries/job.ts";
import { noteTold } from "../tickets/entries.ts";
import { enqueueWebhooks } from "../tickets/events.ts";
import type { ContactKind } from "../vocabulary/contacts.ts";
import type { CustomerNews } from "../vocabulary/events.ts";
import type { Locale } from "../vocabulary/locales.ts";
import { queueSend } from "./queue.ts";
import { subjectLine } from "./template.ts";
import { duringQuietHours, refusedByCustomer } from "./wishes.ts";
import { EMAIL_WORDS } from "./words.ts";

/** What the outbox keeps of news: nothing about the person. */
interface NewsPayload {
  news: CustomerNews;
  origin: string;
}

/** A customer and their ticket, as a try finds them. */
export interface Concerned {
  id: number;
  name: string;
  language: Locale | null;
  email: string | null;
  whatsapp: string | null;
  sms: string | null;
  phone: string | null;
  preferred_channel: ContactKind;
  allow_email: number;
  allow_whatsapp: number;
  allow_sms: number;
  allow_phone: number;
  quiet_from: string | null;
  quiet_until: string | null;
  ticket_id: number;
  ticket_number: string;
  webhook_listens: number;
  told: number;
}

/** How the answer of a delivery begins that has told its news: the message was made together with it. */
const TOLD = "by ";

/**
 * SQL for the `Concerned` of a customer, over the row `deliveries`, while the ticket that is its subject names them. Missing
 * preferences count as the ones that a new customer has.
 *
 * @param customer SQL for the customer's id.
 */
const needs = (customer: string): string => `
  SELECT json_object(
    'id', c.id, 'name', c.name, 'language', c.language, 'whatsapp', c.whatsapp, 'phone', c.phone,
    'email', iif(length(c.email) BETWEEN 3 AND 254 AND NOT ${refusedByCustomer("lower(c.email)")}, lower(c.email), NULL),
    'sms', COALESCE((SELECT value FROM contact_methods WHERE customer_id = c.id AND kind = 'sms' AND is_primary = 1), c.phone),
    'preferred_channel', COALESCE(p.preferred_channel, 'email'), 'allow_email', COALESCE(p.allow_email, 1),
    'allow_whatsapp', COALESCE(p.allow_whatsapp, 1), 'allow_sms', COALESCE(p.allow_sms, 1),
    'allow_phone', COALESCE(p.allow_phone, 1), 'quiet_from', p.quiet_from, 'quiet_until', p.quiet_until,
    'ticket_id', t.id, 'ticket_number', t.ticket_id,
    'webhook_listens', EXISTS (SELECT 1 FROM webhook_endpoints w JOIN json_each(w.events) heard
                               WHERE w.active = 1 AND heard.value = 'customer.notify'),
    'told', EXISTS (SELECT 1 FROM delivery_attempts a WHERE a.delivery_id = deliveries.id
                    AND a.generation = deliveries.generation AND a.response GLOB '${TOLD}*'))
  FROM customers c
  JOIN tickets t ON t.id = ${referencedIdSql("deliveries.subject")} AND t.deleted_at IS NULL AND t.customer_id = c.id
  LEFT JOIN contact_preferences p ON p.customer_id = c.id
  WHERE c.id = ${customer} AND c.archived_at IS NULL`;

/** What `tellCustomer` knows. */
export const NEWS_NEEDS = needs(referencedIdSql("deliveries.target"));

/** What follows `ticket:<id>` in the subject of a notification. */
const notificationSubject = (customerId: number, event: string) => `/customer:${customerId}/${event}`;

/** What `notificationHeld` knows. */
export const NOTIFICATION_NEEDS = needs(
  referencedIdSql("substr(deliveries.subject, instr(deliveries.subject, '/customer:'))"),
);

/** One id, in the form of a UUID, for what one generation of one delivery tells: telling it again is noticed. */
function newsIdOf(job: Claim): string {
  const hex = createHash("sha256").update(`news:${job.wire_id}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** The order in which ways are tried after the preferred one. */
const PLACES = { email: 1, whatsapp: 2, sms: 3, phone: 4 } satisfies Record<ContactKind, number>;
const METHODS = (Object.keys(PLACES) as ContactKind[]).sort((a, b) => PLACES[a] - PLACES[b]);

/**
 * How to reach this customer: by the preferred way, else by another that they allow. Everything but e-mail goes out
 * through a webhook, so somebody must listen.
 */
function chosenMethod(row: Concerned): { method: ContactKind; value: string } | null {
  for (const method of new Set([row.preferred_channel, ...METHODS])) {
    const value = row[method];
    const possible = method === "email" || row.webhook_listens === 1;
    if (value !== null && row[`allow_${method}`] === 1 && possible) return { method, value };
  }
  return null;
}

/** The notification for every endpoint that listens. When none does any more, NOT NULL undoes the batch. */
function byWebhook(
  ctx: DeliveryContext,
  row: Concerned,
  way: { method: ContactKind; value: string },
  told: { event: string; message: string; news_id: string },
): D1PreparedStatement[] {
  return [
    enqueueWebhooks(ctx, ["customer.notify"], {
      ticket: `(SELECT t.id FROM tickets t JOIN customers c ON c.id = t.customer_id
                WHERE t.id = ? AND c.id = ${row.id} AND c.archived_at IS NULL)`,
      ticketParam: row.ticket_id,
      subject: notificationSubject(row.id, told.event),
      details: {
        customer: { id: row.id, name: row.name },
        ...way,
        ...told,
        language: row.language ?? ctx.env.DEFAULT_LOCALE,
      },
    }),
    ctx.env.DB.prepare(
      `INSERT INTO contact_history (customer_id, ticket_id, channel, direction, summary, value, created_at)
       VALUES (iif(changes() > 0, ?, NULL), ?, ?, 'outbound', ?, ?, ?)`,
    ).bind(row.id, row.ticket_id, way.method, told.message, way.value, ctx.now().toISOString()),
    noteTold(ctx, row.ticket_id, "notified", { event: told.event, comment: way.method }),
  ];
}

/**
 * Decides how a customer hears of news of their ticket, by the preferences of this moment: not in quiet hours, and in
 * no way that they have opted out of. The message itself is a delivery of its own, made together with the decision;
 * what has been told is not told again.
 */
export async function tellCustomer(ctx: DeliveryContext, job: Claim): Promise<Outcome> {
  const row = job.found as Concerned | null;
  if (!row) return { result: "delivered", response: "nobody to tell any more" };
  if (row.told) return { result: "delivered", response: "told before" };
  return tell(ctx, job, row);
}

function tell(ctx: DeliveryContext, job: Claim, row: Concerned): Outcome {
  const { news, origin } = job.payload as NewsPayload;
  const news_id = newsIdOf(job);
  const way = chosenMethod(row);
  if (!way) return { result: "delivered", response: "the customer allows no way that we have" };
  const later = duringQuietHours(ctx, row);
  if (later) return later;
  const words = EMAIL_WORDS[row.language ?? ctx.env.DEFAULT_LOCALE].news[news];
  const message = `${subjectLine(row.ticket_number, words.subject)}. ${words.text}`;
  const told = { result: "delivered" as const, response: `${TOLD}${way.method}` };
  if (way.method !== "email") {
    return { ...told, effects: byWebhook(ctx, row, way, { event: job.event_type, message, news_id }) };
  }
  const effects = queueSend(ctx, {
    tracking_id: news_id,
    ticket_id: row.ticket_id,
    user_id: null,
    template: news,
    subject: words.subject,
    body: null,
    origin,
    customer_id: row.id,
    recipients: [{ email: way.value, name: row.name, language: row.language }],
  });
  // The address itself has opted out, through whichever mail: that is known by its digest only.
  const refused = (error: unknown) =>
    isNotNullViolation(error, "email_messages.tracking_id") ? tell(ctx, job, { ...row, email: null }) : null;
  return { ...told, effects, refused };
}

/** What a `customer.notify` delivery is about: `ticket:5/customer:7/ticket.started`. */
function notificationOf(job: Claim) {
  const [, event = ""] = /\/customer:\d+\/(.+)$/.exec(job.subject) ?? [];
  const { data } = job.payload as { data: { method: ContactKind } };
  return { ticketId: referencedId(job.subject), event, method: data.method };
}

/**
 * Why a notification on its way to a webhook must not go out, or not now: the customer's wishes count at each try.
 *
 * @returns null when it may go.
 */
export function notificationHeld(ctx: DeliveryContext, job: Claim, row: Concerned | null): Outcome | null {
  const { method } = notificationOf(job);
  if (!row) return { result: "delivered", response: "nobody to tell any more" };
  if (row[`allow_${method}`] !== 1) return { result: "delivered", response: "opted out" };
  return duringQuietHours(ctx, row);
}

/** The timeline says that a notification has not got through. */
export function notificationFailed(ctx: DeliveryContext, job: Claim): D1PreparedStatement {
  const { ticketId, event, method } = notificationOf(job);
  return noteTold(ctx, ticketId, "notification_failed", { event, comment: method });
}
