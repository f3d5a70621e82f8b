import type { ActorContext } from "../context.ts";
import { searchText } from "../search/words.ts";
import { STATUSES, type TicketStatus } from "../vocabulary/statuses.ts";
import type { Change } from "./change.ts";
import { noteEdit } from "./filing.ts";
import { ChangedFields, type Ticket, type UpdateTicketInput } from "./schemas.ts";
import { occurrence } from "./stated-instants.ts";
import { checkTransition } from "./transitions.ts";

const { status: _, assigned_to: __, comment: ___, ...plain } = ChangedFields.shape;
/** Fields that change without a rule of their own: all but those three. */
export const PLAIN_FIELDS = Object.keys(plain) as (keyof typeof plain)[];

/** A value as its column holds it: SQLite has no booleans. */
export const stored = (value: string | number | boolean | null) => (typeof value === "boolean" ? Number(value) : value);

function changeFields(ctx: ActorContext, ticket: Ticket, input: UpdateTicketInput, change: Change): void {
  const fields = PLAIN_FIELDS.filter((field) => input[field] !== undefined && input[field] !== ticket[field]);
  if (fields.length === 0) return;
  for (const field of fields) change.set[field] = stored(input[field] ?? null);
  const { title = ticket.title, description = ticket.description } = input;
  if (title !== ticket.title || description !== ticket.description) {
    change.set.search_text = searchText(ticket.ticket_id.split("-").at(-1), title, description);
    change.statements = [noteEdit(ctx, ticket.id)];
  }
  const new_value = JSON.stringify(Object.fromEntries(fields.map((field) => [field, input[field]])));
  change.fields = fields;
  change.entries.push({ action: "updated", new_value });
  change.webhooks.push("ticket.updated");
  change.pushes.push({ event: "ticket.updated", user_id: ticket.assigned_to });
  // A customer who is named later hears how things stand, while the ticket is open.
  if (fields.includes("customer_id") && input.customer_id && STATUSES[ticket.status].open) {
    change.news = STATUSES[ticket.status].news ?? "received";
  }
}

function changeStatus(
  ctx: ActorContext,
  ticket: Ticket,
  { status, at }: { status: TicketStatus | undefined; at: string },
  change: Change,
): void {
  if (status === undefined) return;
  checkTransition(ticket, status);
  const { open, starts, completedAt, news } = STATUSES[status];
  // A status that tells nothing leaves what a customer who is named with it hears, while the ticket goes on.
  change.news = news ?? (open ? change.news : undefined);
  change.set.status = status;
  change.entries.push({ action: "status_changed", old_value: ticket.status, new_value: status });
  change.webhooks.push("ticket.status_changed");
  if (completedAt !== "keep") change.set.completed_at = completedAt === "set" ? at : null;
  if (completedAt === "set") change.pushes.push({ event: "ticket.completed", user_id: ticket.reported_by });
  if (starts && ticket.acknowledged_at === null) {
    change.set.acknowledged_at = at;
    change.set.acknowledged_by = ctx.actor.id;
  }
  change.pushes.push({ event: "ticket.status_changed", user_id: ticket.assigned_to });
}

/** Who has the ticket after this update: starting work on one that nobody has assigns it. */
function assigneeAfter(ctx: ActorContext, ticket: Pick<Ticket, "assigned_to">, input: UpdateTicketInput) {
  if (input.assigned_to !== undefined) return input.assigned_to;
  const starts = input.status !== undefined && STATUSES[input.status].starts;
  return ticket.assigned_to ?? (starts ? ctx.actor.id : null);
}

function assign(ticket: Ticket, assignee: { id: number | null; name: string | null }, change: Change): void {
  if (assignee.id === ticket.assigned_to) return;
  change.set.assigned_to = assignee.id;
  change.entries.push({ action: "assigned", old_value: ticket.assignee_name, new_value: assignee.name });
  change.webhooks.push("ticket.assigned");
  // First, so that the one notification a person gets says what matters most to them.
  change.pushes.unshift(
    { event: "ticket.assigned", user_id: assignee.id },
    { event: "ticket.unassigned", user_id: ticket.assigned_to },
  );
}

function comment(ticket: Ticket, text: string | undefined, change: Change): void {
  if (text === undefined) return;
  change.webhooks.push("ticket.commented");
  change.details = { comment: text };
  const [first] = change.entries;
  if (first) {
    first.comment = text;
    return;
  }
  change.entries.push({ action: "commented", comment: text });
  change.pushes.push(
    { event: "ticket.commented", user_id: ticket.assigned_to },
    { event: "ticket.commented", user_id: ticket.reported_by },
  );
}

/**
 * Works out what an update means for this ticket.
 *
 * @param name of whoever has the ticket afterwards.
 * @returns null when nothing changes.
 * @throws AppError `illegal_status_transition`, `value_not_accepted`.
 */
export function planUpdate(
  ctx: ActorContext,
  ticket: Ticket,
  input: UpdateTicketInput,
  name: string | null,
): Change | null {
  const { occurred_at, at } = occurrence(ctx, ticket, input.occurred_at);
  const change: Change = { set: {}, entries: [], occurred_at, webhooks: [], pushes: [] };
  changeFields(ctx, ticket, input, change);
  changeStatus(ctx, ticket, { status: input.status, at }, change);
  assign(ticket, { id: assigneeAfter(ctx, ticket, input), name }, change);
  comment(ticket, input.comment, change);
  return change.entries.length > 0 ? change : null;
}
