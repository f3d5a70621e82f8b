import { and, asc, eq, gt, isNull, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Context, Database } from "../context.ts";
import { machine_types, machines, ticket_timeline, tickets } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { assignee, ticketColumns } from "./projection.ts";
import type { Ticket } from "./schemas.ts";

const selectTickets = (db: Database) =>
  db
    .select(ticketColumns)
    .from(tickets)
    .innerJoin(machines, eq(machines.id, tickets.machine_id))
    .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
    .leftJoin(assignee, eq(assignee.id, tickets.assigned_to));

/** The condition that a path's `:ref`, a ticket number or an id, stands for. */
export function whereRef(ref: string): SQL {
  if (/^[0-9]{1,15}$/.test(ref)) return eq(tickets.id, Number(ref));
  return eq(tickets.ticket_id, ref.toUpperCase());
}

/**
 * One ticket by number or id.
 *
 * @throws AppError `ticket_not_found`, also for a deleted ticket.
 */
export async function findTicket(ctx: Context, ref: string): Promise<Ticket> {
  const [ticket] = await selectTickets(ctx.db)
    .where(and(whereRef(ref), isNull(tickets.deleted_at)))
    .limit(1);
  if (!ticket) throw new AppError("ticket_not_found");
  return ticket;
}

/** A ticket that is known to exist, as it stands now. */
export const ticketById = (ctx: Context, id: number): Promise<Ticket> => findTicket(ctx, String(id));

/**
 * One ticket with its whole timeline, oldest entry first.
 *
 * @throws AppError `ticket_not_found`.
 */
export async function getTicket(ctx: Context, ref: string) {
  const ticket = await findTicket(ctx, ref);
  const timeline = await ctx.db
    .select()
    .from(ticket_timeline)
    .where(eq(ticket_timeline.ticket_id, ticket.id))
    .orderBy(asc(ticket_timeline.id));
  return { ...ticket, timeline };
}

/**
 * A page of a ticket's timeline, oldest entry first.
 *
 * @throws AppError `ticket_not_found`, `invalid_cursor`.
 */
export async function listTimeline(ctx: Context, ref: string, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const ticket = await findTicket(ctx, ref);
  const rows = await ctx.db
    .select()
    .from(ticket_timeline)
    .where(and(eq(ticket_timeline.ticket_id, ticket.id), after ? gt(ticket_timeline.id, after[0]) : undefined))
    .orderBy(asc(ticket_timeline.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { timeline: page, next_cursor };
}
