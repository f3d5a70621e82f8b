import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { type Fragment, joined } from "../db/fragment.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { anyVersion } from "../http/etag.ts";
import { followTickets, tellState } from "../machines/state.ts";
import type { CustomerNews, PushEvent, WebhookEvent } from "../vocabulary/events.ts";
import type { TimelineAction } from "../vocabulary/timeline.ts";
import { atOneInstant } from "../world.ts";
import { addEntries } from "./entries.ts";
import { actorDocument, enqueueCustomerNews, enqueuePush, enqueueWebhooks } from "./events.ts";
import { selectMembers } from "./projection.ts";
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
  set: Record<string, string | number | null>;
  entries: Entry[];
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

/** What the statements of a change give back: an enqueued delivery, or the answer. */
type BatchRow = { id?: number; headers?: string; body?: string };

/** The version that `If-Match` binds a change to. */
export const versionGuard = (ifMatch: string | undefined, version: number): Fragment[] =>
  anyVersion(ifMatch) ? [] : [{ sql: "version = ?", params: [version] }];

const OLD_VALUE = "e.value ->> 'old_value'";

function timeline(ctx: ActorContext, ticketId: number, change: Change): D1PreparedStatement {
  const { fields, guards = [] } = change;
  const holds = joined(" AND ", [{ sql: "id = ? AND deleted_at IS NULL", params: [ticketId] }, ...guards]);
  // The guards stand in the first statement: when one does not hold there is no id, and NOT NULL undoes the batch.
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
      },
      "FROM json_each(?) e JOIN users u ON u.id = ? ORDER BY e.key",
    ),
  ).bind(
    ...holds.params,
    ...(fields ? [ticketId] : []),
    ctx.now().toISOString(),
    JSON.stringify(change.entries),
    ctx.actor.id,
  );
}

/**
 * Applies a change in one batch: ticket, timeline, machine, deliveries, answer, all or nothing.
 *
 * @param answer gives the answer, as the last statement of the batch.
 * @returns the batch's results, or null when a guard did not hold and nothing was written.
 */
export async function applyChange(
  base: ActorContext,
  ticket: Pick<Ticket, "id" | "machine_id">,
  change: Change,
  ...answer: D1PreparedStatement[]
): Promise<D1Result<BatchRow>[] | null> {
  const ctx = atOneInstant(base);
  const columns = Object.keys(change.set);
  const statements = [
    timeline(ctx, ticket.id, change),
    ...(change.statements ?? []),
    ctx.env.DB.prepare(
      `UPDATE tickets SET ${columns.map((column) => `${column} = ?, `).join("")}version = version + 1, updated_at = ?
       WHERE id = ?`,
    ).bind(...Object.values(change.set), ctx.now().toISOString(), ticket.id),
  ];
  // Whatever the ticket said when it was read, the row may say otherwise by now.
  const machineConcerned = ["status", "is_machine_down", "deleted_at"].some((column) => column in change.set);
  if (machineConcerned) {
    statements.push(...followTickets(ctx, [ticket.machine_id], `${ticket.id}`), tellState(ctx, ticket.machine_id));
  }
  statements.push(...notifications(ctx, ticket.id, change), ...answer);
  try {
    const results = await ctx.env.DB.batch<BatchRow>(statements);
    announceEnqueued(ctx, results);
    return results;
  } catch (error) {
    if (isNotNullViolation(error, "ticket_timeline.ticket_id")) return null;
    throw error;
  }
}

/** Who is told: every endpoint that listens, each person once, and the customer. */
function notifications(ctx: ActorContext, ticketId: number, change: Change): D1PreparedStatement[] {
  const about = { ticket: "?", ticketParam: ticketId, perVersion: true };
  const statements: D1PreparedStatement[] = [];
  if (change.webhooks.length > 0) {
    const details = { actor: actorDocument(ctx), ...change.details };
    statements.push(enqueueWebhooks(ctx, change.webhooks, { ...about, details }));
  }
  const told = new Set<number>([ctx.actor.id]);
  for (const { event, user_id } of change.pushes) {
    if (user_id === null || told.has(user_id)) continue;
    told.add(user_id);
    statements.push(enqueuePush(ctx, event, user_id, about));
  }
  if (change.news) {
    const once = change.news === "received";
    statements.push(enqueueCustomerNews(ctx, change.news, { ticket: "?", ticketParam: ticketId, once }));
  }
  return statements;
}
