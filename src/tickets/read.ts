import type { ActorContext, Context } from "../context.ts";
import type { Fragment } from "../db/fragment.ts";
import { type IdempotencyRecord, replayed, selectKept } from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { TICKET_DOCUMENTS } from "./projection.ts";
import type { Ticket } from "./schemas.ts";

/** SQL for the id of the ticket that a path's `:ref`, a number or an id, names, with one `?`. */
export const idOfRef = (ref: string): Fragment =>
  /^[0-9]{1,15}$/.test(ref)
    ? { sql: "(SELECT id FROM tickets WHERE id = ? AND deleted_at IS NULL)", params: [Number(ref)] }
    : { sql: "(SELECT id FROM tickets WHERE ticket_id = ? AND deleted_at IS NULL)", params: [ref.toUpperCase()] };

/** A query of one ticket, for `parseTicket`. */
export function selectTicket(ctx: Context, ref: string): D1PreparedStatement {
  const id = idOfRef(ref);
  return ctx.env.DB.prepare(`SELECT t.ticket FROM (${TICKET_DOCUMENTS}) AS t WHERE t.id = ${id.sql}`).bind(
    ...id.params,
  );
}

/**
 * The ticket of a row of `selectTicket`.
 *
 * @throws AppError `ticket_not_found` when there is none.
 */
export function parseTicket(row: { ticket: string } | null | undefined): Ticket {
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
 * A ticket that is about to be changed, and whatever else the change asks for, in one trip.
 *
 * @param query gives `more`: its first row, if there is one.
 * @returns `answer` alone where the change has been made before.
 * @throws AppError `ticket_not_found`, `idempotency_key_reused`.
 */
export async function readForChange<More = never>(
  ctx: ActorContext,
  ref: string,
  record: IdempotencyRecord | null,
  query?: D1PreparedStatement,
) {
  const [kept, ticket, more] = await ctx.env.DB.batch<unknown>([
    selectKept(ctx, record),
    selectTicket(ctx, ref),
    ...(query ? [query] : []),
  ]);
  const answer = replayed(record, kept);
  if (answer) return { answer };
  return {
    ticket: parseTicket(ticket?.results[0] as { ticket: string } | undefined),
    more: more?.results[0] as More | undefined,
  };
}
