import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { jsonObjectText } from "../db/json.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { addEntries } from "../tickets/entries.ts";
import { findTicket } from "../tickets/read.ts";
import { recipientColumns } from "./list.ts";
import { queueSend } from "./queue.ts";
import type { SendEmailInput } from "./schemas.ts";

const SELECT_SENT = `
  SELECT json_object('location', '/api/emails?ticket=' || t.ticket_id) AS headers,
         json_object('tracking_id', m.tracking_id, 'emails', (
           SELECT json_group_array(json(h.email))
           FROM (SELECT ${jsonObjectText(recipientColumns)} AS email FROM email_history
                 WHERE tracking_id = m.tracking_id ORDER BY id) h)) AS body
  FROM email_messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.tracking_id = ?`;

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
  const now = base.now();
  const ctx = { ...base, now: () => now };
  return exactlyOnce(ctx, record, async () => {
    const ticket = await findTicket(ctx, ref);
    const tracking_id = crypto.randomUUID();
    const statements = [
      ...queueSend(ctx, {
        tracking_id,
        ticket_id: ticket.id,
        user_id: ctx.actor.id,
        template: "message",
        subject: input.subject,
        body: input.body,
        origin: ctx.origin,
        recipients: distinct(input.recipients).map((to) => ({ ...to, language: input.language ?? null })),
      }),
      ctx.env.DB.prepare(INSERT_TIMELINE).bind(ticket.id, now.toISOString(), ctx.actor.id),
      answerStatement(ctx, record, 202, SELECT_SENT, [tracking_id]),
    ];
    let results: D1Result<{ id?: number; headers?: string; body?: string }>[];
    try {
      results = await ctx.env.DB.batch(statements);
    } catch (error) {
      // The ticket was deleted after it was read.
      if (isNotNullViolation(error, "email_messages.ticket_id")) throw new AppError("ticket_not_found");
      throw error;
    }
    announceEnqueued(ctx, results);
    return answerFromBatch(202, results);
  });
}
