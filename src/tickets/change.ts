import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { assignments, type Fragment, joined } from "../db/fragment.ts";
import type { tickets } from "../db/schema.ts";
import { untilWritten } from "../db/until-written.ts";
import { announceEnqueued, enqueue } from "../deliveries/outbox.ts";
import { anyVersion, ifMatchHolds } from "../http/etag.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { followTickets, tellState } from "../machines/state.ts";
import { versionConflict } from "../problem.ts";
import type { CustomerNews, PushEvent, WebhookEvent } from "../vocabulary/events.ts";
import type { TimelineAction } from "../vocabulary/timeline.ts";
import { atOneInstant } from "../world.ts";
import { addEntries } from "./entries.ts";
import { actorDocument, newsJob, pushJobs, webhookJobs } from "./events.ts";
import { currentOf } from "./overtaken.ts";
import { selectMembers } from "./projection.ts";
import { readForChange } from "./read.ts";
import type { Ticket } from "./schemas.ts";

/** One thing that happened, for the timeline. */
export interface Entry {
  action: TimelineAction;
  old_value?: string | null;
  new_value?: string | null;
  comment?: string | null;
}

/** All that one request does to a ticket that exists. */
export interface Change {
  /** New column values. The version rises and `updated_at` moves by themselves. */
  set: { [Column in keyof typeof tickets.$inferSelect]?: string | number | null };
  entries: Entry[];
  /** When all that was done; null: now. */
  occurred_at?: string | null;
  /** Columns of the entry `updated`: what they hold when the change is written is its `old_value`. */
  fields?: readonly (keyof Ticket)[];
  webhooks: WebhookEvent[];
  /** Members of the events' `data` beside ticket, machine and actor. */
  details?: Record<string, unknown>;
  /** Who is told by push; whoever acts is left out. */
  pushes: { event: PushEvent; user_id: number | null }[];
  /** What the customer of the ticket is told, if there is one. */
  news?: CustomerNews | undefined;
  /** Further statements, which find the ticket's row as it was before. */
  statements?: D1PreparedStatement[];
  /** What the change was worked out from, as SQL over the ticket's row, as far as it must still hold when it is written. */
  guards?: Fragment[];
}

/** What a verb does with a ticket that exists. */
interface Verb<More> {
  status: number;
  /** A SELECT of the answer of the ticket `?`, as in `answerStatement`. */
  answer: string;
  /** What else it reads, together with the ticket: one row. */
  more?: (ctx: ActorContext) => D1PreparedStatement;
  /** Works out the change from what was read; null: nothing is to change. What it throws refuses the request. */
  plan: (ctx: ActorContext, ticket: Ticket, more: More | undefined) => Change | null;
}

/**
 * The walk of every verb that changes a ticket: read it, work out the change, write that in one batch, answer from the
 * same batch, once per idempotency key. Whoever is overtaken between reading and writing begins again.
 *
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`, `database_unavailable`, and whatever `verb.plan`
 *   throws.
 */
export function changeTicket<More = never>(
  base: ActorContext,
  ref: string,
  record: IdempotencyRecord | null,
  verb: Verb<More>,
): Promise<Answer> {
  const attempt = async () => {
    const ctx = atOneInstant(base);
    const read = await readForChange<More>(ctx, ref, record, verb.more?.(ctx));
    if (read.answer) return read.answer;
    const { ticket, more } = read;
    const change = verb.plan(ctx, ticket, more);
    const answer = answerStatement(ctx, record, verb.status, verb.answer, [ticket.id]);
    const results = change
      ? await writeChange(ctx, ticket, change, answer)
      : await ctx.env.DB.batch<BatchRow>([answer]);
    return results && answerFromBatch(verb.status, results);
  };
  return exactlyOnce(base, record, () => untilWritten(base, attempt));
}

/**
 * What binds a change to the version that `If-Match` names: the one thing that makes it fail because somebody else was
 * quicker.
 *
 * @throws AppError `version_conflict` with `current`.
 */
export function boundTo(ifMatch: string | undefined, ticket: Ticket): Fragment[] {
  const { version } = ticket;
  if (!ifMatchHolds(ifMatch, version)) throw versionConflict(version, currentOf(ticket));
  return anyVersion(ifMatch) ? [] : [{ sql: "version = ?", params: [version] }];
}

/** What the statements of a change give back: an enqueued delivery, or the answer. */
type BatchRow = { id?: number; headers?: string; body?: string };

/**
 * Writes a change in one batch: timeline, ticket, machine, deliveries, answer, all or nothing.
 *
 * @param answer gives the answer, as the last statement of the batch.
 * @returns the batch's results, or null when a guard did not hold and nothing was written.
 */
export async function writeChange(
  base: ActorContext,
  ticket: Pick<Ticket, "id" | "machine_id">,
  change: Change,
  ...answer: D1PreparedStatement[]
): Promise<D1Result<BatchRow>[] | null> {
  const ctx = atOneInstant(base);
  const { DB } = ctx.env;
  const set = joined(", ", assignments({ ...change.set, updated_at: ctx.now().toISOString() }));
  // Whatever the ticket said when it was read, the row may say otherwise by now.
  const machineConcerned = ["status", "is_machine_down", "deleted_at"].some((column) => column in change.set);
  const statements = [
    timeline(ctx, ticket.id, change),
    ...(change.statements ?? []),
    DB.prepare(`UPDATE tickets SET ${set.sql}, version = version + 1 WHERE id = ?`).bind(...set.params, ticket.id),
    ...(machineConcerned
      ? [...followTickets(ctx, [ticket.machine_id], `${ticket.id}`), tellState(ctx, ticket.machine_id)]
      : []),
    ...notifications(ctx, ticket.id, change),
    ...answer,
  ];
  try {
    const results = await DB.batch<BatchRow>(statements);
    announceEnqueued(ctx, results);
    return results;
  } catch (error) {
    if (isNotNullViolation(error, "ticket_timeline.ticket_id")) return null;
    throw error;
  }
}

const OLD_VALUE = "e.value ->> 'old_value'";

function timeline(ctx: ActorContext, ticketId: number, change: Change): D1PreparedStatement {
  const { fields, guards = [] } = change;
  // The guards stand in the first statement: when one does not hold there is no id, and NOT NULL undoes the batch.
  const holds = joined(" AND ", [{ sql: "id = ? AND deleted_at IS NULL", params: [ticketId] }, ...guards]);
  return ctx.env.DB.prepare(
    addEntries(
      {
        ticket_id: `(SELECT id FROM tickets WHERE ${holds.sql})`,
        user: "u",
        action: "e.value ->> 'action'",
        old_value: fields
          ? `iif(e.value ->> 'action' = 'updated', (${selectMembers(fields)}), ${OLD_VALUE})`
          : OLD_VALUE,
        new_value: "e.value ->> 'new_value'",
        comment: "e.value ->> 'comment'",
        created_at: "?",
        occurred_at: "?",
      },
      "FROM json_each(?) e JOIN users u ON u.id = ?",
      "e.key",
    ),
  ).bind(
    ...holds.params,
    ...(fields ? [ticketId] : []),
    ctx.now().toISOString(),
    change.occurred_at ?? null,
    JSON.stringify(change.entries),
    ctx.actor.id,
  );
}

/** Who is told: every endpoint that listens, each person once, and the customer. */
function notifications(ctx: ActorContext, ticketId: number, change: Change): D1PreparedStatement[] {
  const about = { ticket: "?", ticketParam: ticketId };
  const perVersion = { ...about, perVersion: true };
  const jobs: Fragment[] = [];
  if (change.webhooks.length > 0) {
    jobs.push(webhookJobs(ctx, change.webhooks, { actor: actorDocument(ctx), ...change.details }, perVersion));
  }
  const told = new Set([ctx.actor.id]);
  const pushes = change.pushes.flatMap(({ event, user_id }) => {
    if (user_id === null || told.has(user_id)) return [];
    told.add(user_id);
    return [{ event, user_id }];
  });
  if (pushes.length > 0) jobs.push(pushJobs(ctx, pushes, perVersion));
  const { sql, params } = joined(" UNION ALL ", jobs);
  const statements = jobs.length > 0 ? [enqueue(ctx, sql, params)] : [];
  if (change.news) {
    const news = newsJob(ctx, change.news, about);
    // What a ticket is received as is told once, however often it comes to that.
    statements.push(enqueue(ctx, news.sql, news.params, { once: change.news === "received" }));
  }
  return statements;
}
