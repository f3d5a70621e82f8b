import type { ActorContext } from "../context.ts";
import { databaseUnavailable, isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { type Fragment, joined } from "../db/fragment.ts";
import { announceEnqueued, enqueue } from "../deliveries/outbox.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { followTickets, tellState } from "../machines/state.ts";
import { AppError } from "../problem.ts";
import { searchText } from "../search/words.ts";
import { monthCode } from "../time/month.ts";
import { isAssignable } from "../users/assignable.ts";
import type { WebhookEvent } from "../vocabulary/events.ts";
import { atOneInstant } from "../world.ts";
import { numberSql, raiseCounters, takeNumbers } from "./counters.ts";
import { addEntries } from "./entries.ts";
import { actorDocument, newsJob, pushJobs, webhookJobs } from "./events.ts";
import { insertTickets, type NewTicket } from "./insert.ts";
import { CREATED_TICKET, SELECT_CREATED_TICKET } from "./projection.ts";
import { checkFields } from "./rights.ts";
import type { CreateTicketInput } from "./schemas.ts";
import { checkReportedAt } from "./stated-instants.ts";

/** Waits before the second and third try after a number collision (contract section 4). */
const COLLISION_DELAYS_MS = [50, 100];

const ASSIGNEE = `(? IS NULL OR EXISTS (SELECT 1 FROM users a WHERE a.id = ? AND ${isAssignable("a")}))`;
const CUSTOMER = "(? IS NULL OR EXISTS (SELECT 1 FROM customers c WHERE c.id = ? AND c.archived_at IS NULL))";

// Takes the next number. When a condition does not hold there is no code, so NOT NULL refuses the row and with it
// the batch: nothing after this statement needs to ask again.
const TAKE_NUMBER = takeNumbers(`
  VALUES ((SELECT mt.code FROM machines m JOIN machine_types mt ON mt.id = m.machine_type_id
           WHERE m.id = ? AND m.retired_at IS NULL AND ${ASSIGNEE} AND ${CUSTOMER}), ?, 1)`);

/** The counter that numbers a machine's tickets in this month, for `raiseCounters`. */
const counterOf = (machineId: number, month: string): Fragment => ({
  sql: `SELECT mt.code AS code, ? AS month, 0 AS highest
        FROM machines m JOIN machine_types mt ON mt.id = m.machine_type_id WHERE m.id = ?`,
  params: [month, machineId],
});

const INSERT_TICKET = insertTickets(
  "?3",
  {
    ticket_id: numberSql("n.code", "n.month", "n.last_number"),
    machine_type_id: "mt.id",
    reported_by: "u.id",
    reporter_name: "COALESCE(?3 ->> 'reporter_name', u.name)",
    updated_at: "?3 ->> 'created_at'",
    search_text: "printf('%s %04d', ?5, n.last_number)",
  },
  `FROM machines m
   JOIN users u ON u.id = ?4
   JOIN machine_types mt ON mt.id = m.machine_type_id
   JOIN ticket_counters n ON n.code = mt.code AND n.month = ?1
   WHERE m.id = ?2`,
);

const INSERT_TIMELINE = addEntries(
  {
    ticket_id: "t.id",
    user: "u",
    action: "'created'",
    new_value: "t.status",
    created_at: "t.created_at",
    occurred_at: "iif(t.reported_at < t.created_at, t.reported_at, NULL)",
  },
  `FROM tickets t JOIN users u ON u.id = t.reported_by WHERE t.id = ${CREATED_TICKET}`,
);

/** All that a creation writes, in one batch: one round trip, all or nothing. */
async function write(
  base: ActorContext,
  input: CreateTicketInput,
  record: IdempotencyRecord | null,
  repair: boolean,
): Promise<Answer> {
  const ctx = atOneInstant(base);
  const now = ctx.now();
  const { DB } = ctx.env;
  const createdAt = now.toISOString();
  const month = monthCode(now, ctx.env.TIME_ZONE);
  const row: NewTicket = {
    ...input,
    status: "received",
    reported_at: input.reported_at ?? createdAt,
    created_at: createdAt,
    completed_at: null,
  };
  const statements = [
    DB.prepare(TAKE_NUMBER).bind(
      input.machine_id,
      input.assigned_to,
      input.assigned_to,
      input.customer_id,
      input.customer_id,
      month,
    ),
    DB.prepare(INSERT_TICKET).bind(
      month,
      input.machine_id,
      JSON.stringify(row),
      ctx.actor.id,
      searchText(input.title, input.description),
    ),
    DB.prepare(INSERT_TIMELINE),
    notifications(ctx, input),
  ];
  // Rows were written past the counter.
  if (repair) statements.unshift(raiseCounters(ctx, counterOf(input.machine_id, month)));
  if (input.is_machine_down) {
    statements.push(...followTickets(ctx, [input.machine_id], CREATED_TICKET), tellState(ctx, input.machine_id));
  }
  statements.push(answerStatement(ctx, record, 201, SELECT_CREATED_TICKET));

  const results = await DB.batch<{ id?: number; headers?: string; body?: string }>(statements);
  announceEnqueued(ctx, results);
  return answerFromBatch(201, results);
}

/** Who is told: every endpoint that listens, the assigned person unless it is they who act, and the customer. */
function notifications(ctx: ActorContext, { assigned_to, customer_id }: CreateTicketInput): D1PreparedStatement {
  const about = { ticket: CREATED_TICKET };
  const events: WebhookEvent[] = assigned_to === null ? ["ticket.created"] : ["ticket.created", "ticket.assigned"];
  const jobs = [webhookJobs(ctx, events, { actor: actorDocument(ctx) }, about)];
  if (assigned_to !== null && assigned_to !== ctx.actor.id) {
    jobs.unshift(pushJobs(ctx, [{ event: "ticket.assigned", user_id: assigned_to }], about));
  }
  if (customer_id !== null) jobs.push(newsJob(ctx, "received", about));
  const { sql, params } = joined(" UNION ALL ", jobs);
  return enqueue(ctx, sql, params);
}

/** Why TAKE_NUMBER refused: the first condition that does not hold. */
async function refusal(ctx: ActorContext, input: CreateTicketInput): Promise<AppError> {
  const row = await ctx.env.DB.prepare(
    `SELECT EXISTS (SELECT 1 FROM machines WHERE id = ? AND retired_at IS NULL) AS machine,
            ${ASSIGNEE} AS assignee, ${CUSTOMER} AS customer`,
  )
    .bind(input.machine_id, input.assigned_to, input.assigned_to, input.customer_id, input.customer_id)
    .first<{ machine: number; assignee: number; customer: number }>();
  if (!row?.machine) return new AppError("machine_not_found");
  if (!row.assignee) return new AppError("assignee_not_found");
  if (!row.customer) return new AppError("customer_not_found");
  // What was missing has come back in between: the same request may simply be sent again.
  return databaseUnavailable();
}

/**
 * Creates a ticket exactly once (contract section 4).
 *
 * A collision on `tickets.ticket_id`, and nothing else, rolls the batch back and is tried again after 50 and
 * 100 ms with the counter brought up first.
 *
 * @returns 201 with `{"ticket": ...}`, or the first answer again when the idempotency key is a known one.
 * @throws AppError `machine_not_found`, `assignee_not_found`, `customer_not_found`, `forbidden_field`,
 *   `value_not_accepted`, `idempotency_key_reused`, `ticket_id_exhausted`, `database_unavailable`.
 */
export async function createTicket(
  ctx: ActorContext,
  input: CreateTicketInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  return exactlyOnce(ctx, record, async () => {
    checkFields(ctx.actor, input, null);
    if (input.reported_at !== null) checkReportedAt(input.reported_at, ctx.now());
    for (let attempt = 0; ; attempt++) {
      try {
        return await write(ctx, input, record, attempt > 0);
      } catch (error) {
        if (isNotNullViolation(error, "ticket_counters.code")) throw await refusal(ctx, input);
        if (!isUniqueViolation(error, "tickets.ticket_id")) throw error;
        const delay = COLLISION_DELAYS_MS[attempt];
        if (delay === undefined) throw new AppError("ticket_id_exhausted");
        ctx.log.warn("ticket_id_collision", { attempt: attempt + 1, machine_id: input.machine_id });
        await ctx.sleep(delay);
      }
    }
  });
}
