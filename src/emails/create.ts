import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { addEntries } from "../tickets/entries.ts";
import { findTicket } from "../tickets/read.ts";
import { atOneInstant } from "../world.ts";
import { recipientsOf } from "./list.ts";
import { queueSend } from "./queue.ts";
import type { SendEmailInput } from "./schemas.ts";

const SELECT_SENT = `
  SELECT json_object('location', '/api/emails?ticket=' || t.ticket_id) AS headers,
         json_object('tracking_id', m.tracking_id, 'emails', ${recipientsOf("m.tracking_id")}) AS body
  FROM email_messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.id = ${newestId("email_messages")}`;

const INSERT_TIMELINE = addEntries(
  {
    ticket_id: "?",
    user: "u",
    action: "'notified'",
    new_value: "'email.message'",
    comment: "'email'",
    created_at: "?",
  },
  "FROM users u WHERE u.id = ?",
);

/** Each address once, with the first name that came with it. */
function distinct(recipients: SendEmailInput["recipients"]): { email: string; name: string | null }[] {
  const byAddress = new Map<string, string | null>();
  for (const { email, name } of recipients) if (!byAddress.get(email)) byAddress.set(email, name || null);
  return [...byAddress].map(([email, name]) => ({ email, name }));
}

/**
 * Sends an e-mail about a ticket: one row and one delivery per recipient, all under one `tracking_id` (contract
 * section 7). Recipients that opted out are recorded as `suppressed`. One batch, once per idempotency key.
 *
 * @returns 202 with `{tracking_id, emails}`.
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`, `database_unavailable`.
 */
export async function sendEmail(
  base: ActorContext,
  ref: string,
  input: SendEmailInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const ctx = atOneInstant(base);
  return batchOnce(ctx, record, {
    status: 202,
    statements: async () => {
      const ticket = await findTicket(ctx, ref);
      return [
        ...queueSend(ctx, {
          // One of its own for each try, so that a try whose answer was lost is known by the idempotency key.
          tracking_id: crypto.randomUUID(),
          ticket_id: ticket.id,
          user_id: ctx.actor.id,
          template: "message",
          subject: input.subject,
          body: input.body,
          origin: ctx.origin,
          recipients: distinct(input.recipients).map((to) => ({ ...to, language: input.language ?? null })),
        }),
        ctx.env.DB.prepare(INSERT_TIMELINE).bind(ticket.id, ctx.now().toISOString(), ctx.actor.id),
      ];
    },
    select: SELECT_SENT,
    // The ticket was deleted after it was read.
    refusal: (error) => (isNotNullViolation(error, "email_messages.ticket_id") ? "ticket_not_found" : null),
    written: (results) => announceEnqueued(ctx, results),
  });
}
