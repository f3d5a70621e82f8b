import { and, desc, eq, getTableColumns, lt } from "drizzle-orm";
import type { Context } from "../context.ts";
import { push_logs, tickets } from "../db/schema.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import type { PushLogListQuery } from "./schemas.ts";

const { generation: _, not_before: __, ...logColumns } = getTableColumns(push_logs);

/**
 * A page of push results, newest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listPushLogs(ctx: Context, query: PushLogListQuery) {
  const before = decodeId("push_logs", query.cursor);
  const ticket = query.ticket && /^[0-9]{1,15}$/.test(query.ticket) ? Number(query.ticket) : null;
  const rows = await ctx.db
    .select(logColumns)
    .from(push_logs)
    .leftJoin(tickets, eq(tickets.id, push_logs.ticket_id))
    .where(
      and(
        ticket !== null ? eq(push_logs.ticket_id, ticket) : undefined,
        query.ticket && ticket === null ? eq(tickets.ticket_id, query.ticket.toUpperCase()) : undefined,
        query.user_id ? eq(push_logs.user_id, query.user_id) : undefined,
        before ? lt(push_logs.id, before) : undefined,
      ),
    )
    .orderBy(desc(push_logs.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("push_logs", rows, query.limit);
  return { logs: page, next_cursor };
}
