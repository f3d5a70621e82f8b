import { asc, eq, getTableColumns, gt, sql } from "drizzle-orm";
import { z } from "zod";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { prepared, selectAnswer } from "../db/json.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import { machine_types } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";

/** Machine types there may be (contract section 1). */
export const MACHINE_TYPES_MAX = 200;
const HAS_ROOM = sql.raw(hasRoom("machine_types", MACHINE_TYPES_MAX));

const codeTaken = (error: unknown) =>
  isUniqueViolation(error, "machine_types.code") ? ("machine_type_code_taken" as const) : null;

const answerFrom = (where: string) =>
  selectAnswer("machine_type", getTableColumns(machine_types), `machine_types WHERE ${where}`);

/** A page of machine types, by code. */
export async function listMachineTypes(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.string()]));
  const rows = await ctx.db
    .select()
    .from(machine_types)
    .where(after ? gt(machine_types.code, after[0]) : undefined)
    .orderBy(asc(machine_types.code))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.code]);
  return { machine_types: page, next_cursor };
}

/**
 * Adds a machine type, once per idempotency key.
 *
 * @returns 201 with `{"machine_type": ...}`.
 * @throws AppError `machine_type_code_taken`, `too_many`, `idempotency_key_reused`, `database_unavailable`.
 */
export function createMachineType(
  ctx: ActorContext,
  input: { code: string; name: string },
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const now = ctx.now().toISOString();
  const name = sql`iif(${HAS_ROOM}, ${input.name}, NULL)`;
  const insert = ctx.db.insert(machine_types).values({ ...input, name, created_at: now, updated_at: now });
  return batchOnce(ctx, record, {
    status: 201,
    statements: [prepared(ctx.env.DB, insert)],
    select: answerFrom("code = ?"),
    params: [input.code],
    refusal: (error) =>
      isNotNullViolation(error, "machine_types.name") ? tooMany(MACHINE_TYPES_MAX) : codeTaken(error),
  });
}

/**
 * Renames a machine type or gives it another code, once per idempotency key. Numbers already given keep the old code.
 *
 * @returns 200 with `{"machine_type": ...}`.
 * @throws AppError `machine_type_not_found`, `machine_type_code_taken`, `idempotency_key_reused`,
 *   `database_unavailable`.
 */
export function updateMachineType(
  ctx: ActorContext,
  id: number,
  input: { code?: string; name?: string },
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const update = ctx.db
    .update(machine_types)
    .set({ ...input, updated_at: ctx.now().toISOString() })
    .where(eq(machine_types.id, id));
  return batchOnce(ctx, record, {
    status: 200,
    statements: [prepared(ctx.env.DB, update)],
    select: answerFrom("id = ?"),
    params: [id],
    missing: "machine_type_not_found",
    refusal: codeTaken,
  });
}
