import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { announce } from "../deliveries/outbox.ts";
import type { PushEvent } from "../push/notification.ts";
import {
  actorDocument,
  type CustomerNews,
  enqueueCustomerNews,
  enqueuePush,
  enqueueWebhooks,
  type WebhookEvent,
} from "./events.ts";
import type { Ticket, TimelineAction } from "./schemas.ts";

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
  entries: [Entry, ...Entry[]];
  webhooks: WebhookEvent[];
  /** Members of the events' `data` beside ticket, machine and actor. */
  details?: Record<string, unknown>;
  /** Who is told by push; whoever acts is left out. */
  pushes: { event: PushEvent; user_id: number | null }[];
  /** What the customer of the ticket is told, if there is one. */
  news?: CustomerNews | undefined;
  /** Further statements, after the ticket's own. The last one's rows are the result. */
  statements?: D1PreparedStatement[];
}

/** SQL that must hold for the change to take place, over the ticket's row. */
export interface Guard {
  sql: string;
  params: (string | number)[];
}

export const versionIs = (version: number): Guard => ({ sql: "version = ?", params: [version] });

// A machine is out of service while an open ticket says that it is down. 'maintenance', set by hand, stays.
const MACHINE_STATUS = `
  UPDATE machines SET updated_at = ?1, status = CASE
    WHEN EXISTS (SELECT 1 FROM tickets d WHERE d.machine_id = machines.id AND d.is_machine_down = 1 AND d.is_open = 1)
      THEN 'out_of_service'
    WHEN status = 'out_of_service' THEN 'operational'
    ELSE status END
  WHERE id = ?2`;

/** Brings a machine's status in line with what its open tickets say. */
export const followMachineStatus = (ctx: ActorContext, machineId: number): D1PreparedStatement =>
  ctx.env.DB.prepare(MACHINE_STATUS).bind(ctx.now().toISOString(), machineId);

function timeline(ctx: ActorContext, ticketId: number, change: Change, guard: Guard): D1PreparedStatement {
  // The guard stands in the first statement: when it does not hold there is no id, and NOT NULL undoes the batch.
  return ctx.env.DB.prepare(
    `INSERT INTO ticket_timeline (ticket_id, user_id, user_name, action, old_value, new_value, comment, created_at)
     SELECT (SELECT id FROM tickets WHERE id = ? AND deleted_at IS NULL AND ${guard.sql}), u.id, u.name,
            e.value ->> 'action', e.value ->> 'old_value', e.value ->> 'new_value', e.value ->> 'comment', ?
     FROM json_each(?) e JOIN users u ON u.id = ?
     ORDER BY e.key`,
  ).bind(ticketId, ...guard.params, ctx.now().toISOString(), JSON.stringify(change.entries), ctx.actor.id);
}

/**
 * Applies a change in one batch: ticket, timeline, machine, deliveries, all or nothing.
 *
 * @returns the rows of the last statement, or null when the guard no longer holds and nothing was written.
 */
export async function applyChange<Row>(
  base: ActorContext,
  ticket: Pick<Ticket, "id" | "machine_id" | "is_machine_down">,
  change: Change,
  guard: Guard,
): Promise<Row[] | null> {
  const now = base.now();
  const ctx = { ...base, now: () => now };
  const columns = Object.keys(change.set);
  const statements = [
    timeline(ctx, ticket.id, change, guard),
    ctx.env.DB.prepare(
      `UPDATE tickets SET ${columns.map((column) => `${column} = ?, `).join("")}version = version + 1, updated_at = ?
       WHERE id = ?`,
    ).bind(...Object.values(change.set), now.toISOString(), ticket.id),
  ];
  // A deletion is not bound to a version: the row may say by now what it did not say when it was read.
  const machineConcerned = ticket.is_machine_down || change.set.is_machine_down === 1 || "deleted_at" in change.set;
  if (machineConcerned) statements.push(followMachineStatus(ctx, ticket.machine_id));

  const about = { ticket: "?", ticketParam: ticket.id, perVersion: true };
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
    statements.push(enqueueCustomerNews(ctx, change.news, { ticket: "?", ticketParam: ticket.id, once }));
  }
  const deliveriesEnd = statements.length;
  statements.push(...(change.statements ?? []));
  try {
    const results = await ctx.env.DB.batch<Row & { id?: number }>(statements);
    const ids = results.slice(2, deliveriesEnd).flatMap((result) => result.results.flatMap((row) => row.id ?? []));
    ctx.waitUntil(announce(ctx, ids));
    return results.at(-1)?.results ?? [];
  } catch (error) {
    if (isNotNullViolation(error, "ticket_timeline.ticket_id")) return null;
    throw error;
  }
}
