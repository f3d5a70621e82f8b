import { can, type Permission } from "../auth/roles.ts";
import type { ActorContext } from "../context.ts";
import { ifMatchHolds } from "../http/etag.ts";
import { AppError } from "../problem.ts";
import { asSearchText, words } from "../search/words.ts";
import { applyChange, type Change, type Entry, type Guard, versionIs } from "./change.ts";
import { type CustomerNews, NEWS_OF_STATUS, type WebhookEvent } from "./events.ts";
import { findTicket, ticketById } from "./read.ts";
import { reportedAtProblem } from "./reported-at.ts";
import type { Ticket, UpdateTicketInput } from "./schemas.ts";
import { checkTransition, WORKING_STATUSES } from "./transitions.ts";

/**
 * Tries when somebody else changes the ticket in the same moment and the client named no version. One of those who meet
 * always gets through, so this is how many may meet for certain; the waits between let more.
 */
const ATTEMPTS = 10;
/** Longest wait before another try, times the tries made so far. */
const WAIT_MS = 20;

type Field = keyof UpdateTicketInput;

/** Whether this person may set this field of this ticket: the role table of contract section 2. */
function maySet(ctx: ActorContext, ticket: Ticket, field: Field, input: UpdateTicketInput): boolean {
  const allowed = (permission: Permission) => can(ctx.actor.role, permission);
  switch (field) {
    case "title":
    case "description":
    case "priority":
      return allowed("tickets:edit") || (ticket.reported_by === ctx.actor.id && ticket.status === "received");
    case "status":
    case "is_machine_down":
      return allowed("tickets:work");
    case "assigned_to":
      return allowed("tickets:assign") || (input.assigned_to === ctx.actor.id && allowed("tickets:take"));
    case "comment":
      return allowed("tickets:comment");
    default:
      return allowed("tickets:edit");
  }
}

async function checkReferences(ctx: ActorContext, ticket: Ticket, input: UpdateTicketInput): Promise<void> {
  const { DB } = ctx.env;
  if (input.assigned_to) {
    const user = await DB.prepare("SELECT 1 FROM users WHERE id = ? AND active = 1").bind(input.assigned_to).first();
    if (!user) throw new AppError("assignee_not_found");
  }
  if (input.customer_id && input.customer_id !== ticket.customer_id) {
    const customer = await DB.prepare("SELECT 1 FROM customers WHERE id = ? AND archived_at IS NULL")
      .bind(input.customer_id)
      .first();
    if (!customer) throw new AppError("customer_not_found");
  }
}

/** What must still hold when the change is written: else it is worked out anew. */
function guardOf(ticket: Ticket, change: Change): Guard {
  const version = versionIs(ticket.version);
  const { customer_id } = change.set;
  if (typeof customer_id !== "number") return version;
  return {
    sql: `${version.sql} AND EXISTS (SELECT 1 FROM customers c WHERE c.id = ? AND c.archived_at IS NULL)`,
    params: [...version.params, customer_id],
  };
}

const PLAIN_FIELDS = [
  "title",
  "description",
  "priority",
  "customer_id",
  "reporter_name",
  "scheduled_date",
  "reported_at",
  "is_machine_down",
] as const;

/** The words of a ticket with these texts. */
const termsOf = (ticket: Pick<Ticket, "ticket_id" | "title" | "description">): string[] =>
  words(ticket.ticket_id.split("-").at(-1), ticket.title, ticket.description);

/** Keeps the words of a ticket in step with its texts: in its row, and by statements in the index of words. */
function reindex(ctx: ActorContext, ticket: Ticket, change: Change): Change {
  const { title = ticket.title, description = ticket.description } = change.set as Partial<Ticket>;
  const terms = termsOf({ ...ticket, title, description });
  const gone = termsOf(ticket).filter((term) => !terms.includes(term));
  const { DB } = ctx.env;
  return {
    ...change,
    set: { ...change.set, search_text: asSearchText(terms) },
    statements: [
      DB.prepare("DELETE FROM ticket_terms WHERE ticket_id = ? AND term IN (SELECT value FROM json_each(?))").bind(
        ticket.id,
        JSON.stringify(gone),
      ),
      DB.prepare(
        "INSERT INTO ticket_terms (term, ticket_id) SELECT value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
      ).bind(ticket.id, JSON.stringify(terms)),
    ],
  };
}

const person = async (ctx: ActorContext, id: number | null): Promise<string | null> =>
  id === null
    ? null
    : ((await ctx.env.DB.prepare("SELECT name FROM users WHERE id = ?").bind(id).first<string>("name")) ?? null);

/** A customer who is named later hears how things stand, while the ticket is open. */
function newsForNewCustomer(ticket: Ticket, input: UpdateTicketInput): CustomerNews | undefined {
  const open = !["completed", "cancelled", "archived"].includes(ticket.status);
  return open && input.customer_id ? (NEWS_OF_STATUS[ticket.status] ?? "received") : undefined;
}

/** Works out what an update means for this ticket. Null: nothing changes. */
async function plan(ctx: ActorContext, ticket: Ticket, input: UpdateTicketInput): Promise<Change | null> {
  const now = ctx.now().toISOString();
  const set: Change["set"] = {};
  const entries: Entry[] = [];
  const webhooks: WebhookEvent[] = [];
  const pushes: Change["pushes"] = [];

  const changed = PLAIN_FIELDS.filter((field) => input[field] !== undefined && input[field] !== ticket[field]);
  if (changed.length > 0) {
    const values = (source: Partial<Ticket>) => JSON.stringify(Object.fromEntries(changed.map((f) => [f, source[f]])));
    for (const field of changed) {
      const value = input[field] ?? null;
      set[field] = typeof value === "boolean" ? Number(value) : value;
    }
    entries.push({ action: "updated", old_value: values(ticket), new_value: values(input as Partial<Ticket>) });
    webhooks.push("ticket.updated");
    pushes.push({ event: "ticket.updated", user_id: ticket.assigned_to });
  }

  let news = changed.includes("customer_id") ? newsForNewCustomer(ticket, input) : undefined;
  let assignee = input.assigned_to;
  if (input.status !== undefined) {
    checkTransition(ticket, input.status);
    // A status that tells nothing leaves what a customer who is named with it hears, while the ticket goes on.
    const ends = ["cancelled", "archived"].includes(input.status);
    news = NEWS_OF_STATUS[input.status] ?? (ends ? undefined : news);
    set.status = input.status;
    entries.push({ action: "status_changed", old_value: ticket.status, new_value: input.status });
    webhooks.push("ticket.status_changed");
    if (input.status === "completed") {
      set.completed_at = now;
      pushes.push({ event: "ticket.completed", user_id: ticket.reported_by });
    } else if (input.status !== "archived") {
      set.completed_at = null;
    }
    if (WORKING_STATUSES.includes(input.status)) {
      if (ticket.assigned_to === null && assignee === undefined) assignee = ctx.actor.id;
      if (ticket.acknowledged_at === null) {
        set.acknowledged_at = now;
        set.acknowledged_by = ctx.actor.id;
      }
    }
    pushes.push({ event: "ticket.status_changed", user_id: ticket.assigned_to });
  }

  if (assignee !== undefined && assignee !== ticket.assigned_to) {
    set.assigned_to = assignee;
    entries.push({ action: "assigned", old_value: ticket.assignee_name, new_value: await person(ctx, assignee) });
    webhooks.push("ticket.assigned");
    // First, so that the one notification a person gets says what matters most to them.
    pushes.unshift(
      { event: "ticket.assigned", user_id: assignee },
      { event: "ticket.unassigned", user_id: ticket.assigned_to },
    );
  }

  const [first, ...rest] = entries;
  if (input.comment !== undefined) {
    webhooks.push("ticket.commented");
    if (!first) {
      pushes.push(
        { event: "ticket.commented", user_id: ticket.assigned_to },
        { event: "ticket.commented", user_id: ticket.reported_by },
      );
      return {
        set,
        entries: [{ action: "commented", comment: input.comment }],
        webhooks,
        pushes,
        details: { comment: input.comment },
      };
    }
    const comment = input.comment;
    return { set, entries: [{ ...first, comment }, ...rest], webhooks, pushes, news, details: { comment } };
  }
  return first ? { set, entries: [first, ...rest], webhooks, pushes, news } : null;
}

/**
 * Changes a ticket (contract section 4): fields, assignment, status, an optional comment, in one batch.
 *
 * @param ifMatch the `If-Match` header. While it holds, or without it, the change is worked out again when somebody
 *   else was quicker.
 * @throws AppError `ticket_not_found`, `forbidden_field`, `illegal_status_transition`, `assignee_not_found`,
 *   `customer_not_found`, `version_conflict`.
 */
export async function updateTicket(
  ctx: ActorContext,
  ref: string,
  input: UpdateTicketInput,
  ifMatch: string | undefined,
): Promise<Ticket> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const ticket = await findTicket(ctx, ref);
    if (!ifMatchHolds(ifMatch, ticket.version)) break;
    for (const field of Object.keys(input) as Field[]) {
      if (input[field] !== undefined && !maySet(ctx, ticket, field, input)) {
        throw new AppError("forbidden_field", { params: { field } });
      }
    }
    const badTime = input.reported_at && reportedAtProblem(input.reported_at, new Date(ticket.created_at));
    if (badTime) throw badTime;
    await checkReferences(ctx, ticket, input);
    const change = await plan(ctx, ticket, input);
    if (!change) return ticket;
    const textChanged = change.set.title !== undefined || change.set.description !== undefined;
    const whole = textChanged ? reindex(ctx, ticket, change) : change;
    const written = await applyChange(ctx, ticket, whole, guardOf(ticket, change));
    if (written) return ticketById(ctx, ticket.id);
    await ctx.sleep(Math.random() * WAIT_MS * (attempt + 1));
  }
  throw new AppError("version_conflict");
}
