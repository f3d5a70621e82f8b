import { and, desc, eq, getTableColumns, inArray, lt } from "drizzle-orm";
import type { Context } from "../context.ts";
import { forBuilder } from "../db/fragment.ts";
import { deliveries, push_logs } from "../db/schema.ts";
import { aboutTicket } from "../deliveries/read.ts";
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
  const ofTicket = (ref: string) =>
    ctx.db
      .select({ id: deliveries.id })
      .from(deliveries)
      .where(and(eq(deliveries.channel, "push"), forBuilder(aboutTicket(ref))));
  const rows = await ctx.db
    .select(logColumns)
    .from(push_logs)
    .where(
      and(
        query.ticket ? inArray(push_logs.delivery_id, ofTicket(query.ticket)) : undefined,
        query.user_id ? eq(push_logs.user_id, query.user_id) : undefined,
        before ? lt(push_logs.id, before) : undefined,
      ),
    )
    .orderBy(desc(push_logs.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("push_logs", rows, query.limit);
  return { logs: page, next_cursor };
}
