import { and, asc, desc, eq, isNull, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context, Database } from "../context.ts";
import { machine_types, machines, ticket_timeline, tickets } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { assignee, ticketColumns } from "./projection.ts";
import type { TicketListQuery } from "./schemas.ts";

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
 * One ticket with its timeline, oldest entry first.
 *
 * @throws AppError `ticket_not_found`, also for a deleted ticket.
 */
export async function getTicket(ctx: Context, ref: string) {
  const [[ticket], timeline] = await Promise.all([
    selectTickets(ctx.db)
      .where(and(whereRef(ref), isNull(tickets.deleted_at)))
      .limit(1),
    ctx.db
      .select()
      .from(ticket_timeline)
      .where(sql`${ticket_timeline.ticket_id} = (SELECT ${tickets.id} FROM ${tickets} WHERE ${whereRef(ref)})`)
      .orderBy(asc(ticket_timeline.id)),
  ]);
  if (!ticket) throw new AppError("ticket_not_found");
  return { ...ticket, timeline };
}

const CursorKey = z.tuple([z.iso.datetime(), z.int().positive()]);

/**
 * A page of tickets, newest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listTickets(ctx: Context, query: TicketListQuery) {
  const after = decodeCursor(query.cursor, CursorKey);
  const rows = await selectTickets(ctx.db)
    .where(
      and(
        isNull(tickets.deleted_at),
        after ? sql`(${tickets.created_at}, ${tickets.id}) < (${after[0]}, ${after[1]})` : undefined,
      ),
    )
    .orderBy(desc(tickets.created_at), desc(tickets.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.created_at, row.id]);
  return { tickets: page, next_cursor };
}
