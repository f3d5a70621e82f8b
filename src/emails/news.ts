import type { Claim, DeliveryContext, Outcome } from "../deliveries/job.ts";
import { referencedId } from "../deliveries/job.ts";
import type { Locale } from "../problem.ts";
import { type CustomerNews, enqueueWebhooks } from "../tickets/events.ts";
import { queueSend } from "./queue.ts";
import { quietUntil } from "./quiet-hours.ts";
import { subjectLine } from "./template.ts";
import { EMAIL_WORDS } from "./words.ts";

/** What the outbox keeps of news: nothing about the person. */
interface NewsPayload {
  news: CustomerNews;
  origin: string;
}

type Method = "email" | "whatsapp" | "sms" | "phone";

interface Row {
  name: string;
  language: Locale | null;
  email: string | null;
  whatsapp: string | null;
  sms: string | null;
  phone: string | null;
  preferred_channel: Method;
  allow_email: number;
  allow_whatsapp: number;
  allow_sms: number;
  allow_phone: number;
  quiet_from: string | null;
  quiet_until: string | null;
  ticket_id: number;
  ticket_number: string;
  webhook_listens: number;
}

// Missing preferences count as the ones that a new customer has.
const SELECT = `
  SELECT c.name, c.language, c.email, c.whatsapp, c.phone,
         COALESCE((SELECT value FROM contact_methods WHERE customer_id = c.id AND kind = 'sms' AND is_primary = 1), c.phone) AS sms,
         COALESCE(p.preferred_channel, 'email') AS preferred_channel, COALESCE(p.allow_email, 1) AS allow_email,
         COALESCE(p.allow_whatsapp, 1) AS allow_whatsapp, COALESCE(p.allow_sms, 1) AS allow_sms,
         COALESCE(p.allow_phone, 1) AS allow_phone, p.quiet_from, p.quiet_until,
         t.id AS ticket_id, t.ticket_id AS ticket_number,
         EXISTS (SELECT 1 FROM webhook_endpoints w JOIN json_each(w.events) heard
                 WHERE w.active = 1 AND heard.value = 'customer.notify') AS webhook_listens
  FROM customers c
  JOIN tickets t ON t.id = ? AND t.deleted_at IS NULL
  LEFT JOIN contact_preferences p ON p.customer_id = c.id
  WHERE c.id = ? AND c.archived_at IS NULL`;

/** The order in which ways are tried after the preferred one. */
const METHODS: Method[] = ["email", "whatsapp", "sms", "phone"];

/**
 * How to reach this customer: by the preferred way, else by another that they allow. Everything but e-mail goes out
 * through a webhook, so somebody must listen.
 */
function chosenMethod(row: Row): { method: Method; value: string } | null {
  for (const method of new Set([row.preferred_channel, ...METHODS])) {
    const value = row[method];
    const possible = method === "email" || row.webhook_listens === 1;
    if (value !== null && row[`allow_${method}`] === 1 && possible) return { method, value };
  }
  return null;
}

function byEmail(
  ctx: DeliveryContext,
  row: Row,
  customer_id: number,
  email: string,
  payload: NewsPayload,
  words: string,
) {
  return queueSend(ctx, {
    tracking_id: crypto.randomUUID(),
    ticket_id: row.ticket_id,
    user_id: null,
    template: payload.news,
    subject: words,
    body: null,
    origin: payload.origin,
    recipients: [{ email, name: row.name, customer_id, language: row.language }],
  });
}

function byWebhook(
  ctx: DeliveryContext,
  row: Row,
  customer_id: number,
  way: { method: Method; value: string },
  event: string,
  message: string,
): D1PreparedStatement[] {
  const now = ctx.now().toISOString();
  const { DB } = ctx.env;
  return [
    enqueueWebhooks(ctx, ["customer.notify"], {
      ticket: "?",
      ticketParam: row.ticket_id,
      subject: `/customer:${customer_id}/${event}`,
      details: {
        customer: { id: customer_id, name: row.name },
        ...way,
        event,
        message,
        language: row.language ?? ctx.env.DEFAULT_LOCALE,
      },
    }),
    DB.prepare(
      `INSERT INTO contact_history (customer_id, ticket_id, channel, direction, summary, value, created_at)
       VALUES (?, ?, ?, 'outbound', ?, ?, ?)`,
    ).bind(customer_id, row.ticket_id, way.method, message, way.value, now),
    DB.prepare(
      "INSERT INTO ticket_timeline (ticket_id, action, new_value, comment, created_at) VALUES (?, 'notified', ?, ?, ?)",
    ).bind(row.ticket_id, event, way.method, now),
  ];
}

/**
 * Decides how a customer hears of news of their ticket, by the preferences of this moment: not in quiet hours, and in
 * no way that they have opted out of. The message itself is a delivery of its own, made together with the decision.
 *
 * @param customerId `customers.id`.
 */
export async function tellCustomer(ctx: DeliveryContext, job: Claim, customerId: number): Promise<Outcome> {
  const payload = job.payload as NewsPayload;
  const row = await ctx.env.DB.prepare(SELECT).bind(referencedId(job.subject), customerId).first<Row>();
  if (!row) return { result: "delivered", response: "nobody to tell any more" };
  const way = chosenMethod(row);
  if (!way) return { result: "delivered", response: "the customer allows no way that we have" };
  if (row.quiet_from !== null && row.quiet_until !== null) {
    const until = quietUntil(ctx.now(), row.quiet_from, row.quiet_until, ctx.env.TIME_ZONE);
    if (until) return { result: "postponed", until, error: "quiet hours" };
  }
  const words = EMAIL_WORDS[row.language ?? ctx.env.DEFAULT_LOCALE].news[payload.news];
  const effects =
    way.method === "email"
      ? byEmail(ctx, row, customerId, way.value, payload, words.subject)
      : byWebhook(
          ctx,
          row,
          customerId,
          way,
          job.event_type,
          `${subjectLine(row.ticket_number, words.subject)}. ${words.text}`,
        );
  return { result: "delivered", response: `by ${way.method}`, effects };
}
