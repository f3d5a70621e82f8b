import { and, asc, eq, gt } from "drizzle-orm";
import { z } from "zod";
import type { ActorContext, Context } from "../context.ts";
import { ticket_timeline } from "../db/schema.ts";
import { stillSignedIn, unauthorized } from "../db/signed-in.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import type { Ticket } from "./schemas.ts";

/** SQL for the id of the ticket that a path's `:ref`, a number or an id, names, and what its one `?` is bound to. */
export const idOfRef = (ref: string): { sql: string; param: string | number } =>
  /^[0-9]{1,15}$/.test(ref)
    ? { sql: "(SELECT id FROM tickets WHERE id = ? AND deleted_at IS NULL)", param: Number(ref) }
    : { sql: "(SELECT id FROM tickets WHERE ticket_id = ? AND deleted_at IS NULL)", param: ref.toUpperCase() };

function selectTicket(ctx: Context, ref: string): D1PreparedStatement {
  const id = idOfRef(ref);
  return ctx.env.DB.prepare(`SELECT t.ticket FROM (${TICKET_DOCUMENTS}) AS t WHERE t.id = ${id.sql}`).bind(id.param);
}

function parseTicket(row: { ticket: string } | null | undefined): Ticket {
  if (!row) throw new AppError("ticket_not_found");
  return JSON.parse(row.ticket) as Ticket;
}

/**
 * One ticket by number or id.
 *
 * @throws AppError `ticket_not_found`, also for a deleted ticket.
 */
export const findTicket = async (ctx: Context, ref: string): Promise<Ticket> =>
  parseTicket(await selectTicket(ctx, ref).first<{ ticket: string }>());

/**
 * A ticket that is about to be changed, and whatever else the change asks for, in one trip. Checks the session as well,
 * for routes that leave that to their verb.
 *
 * @param more further queries; each gives its first row, if there is one.
 * @throws AppError `unauthorized`, `ticket_not_found`.
 */
export async function readForChange<More = never>(ctx: ActorContext, ref: string, more: D1PreparedStatement[] = []) {
  const { DB } = ctx.env;
  const signedIn = stillSignedIn(ctx.actor, ctx.now());
  const [session, ticket, ...rest] = await DB.batch<unknown>([
    DB.prepare(`SELECT 1 WHERE ${signedIn.sql}`).bind(...signedIn.params),
    selectTicket(ctx, ref),
    ...more,
  ]);
  if (!session?.results.length) throw unauthorized();
  return {
    ticket: parseTicket(ticket?.results[0] as { ticket: string } | undefined),
    more: rest.map(({ results }) => results[0] as More | undefined),
  };
}

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
