import { asc, getTableColumns, gt } from "drizzle-orm";
import { z } from "zod";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { selectAnswer } from "../db/json.ts";
import { hasRoom, tooMany } from "../db/maximum.ts";
import { machine_types } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";

/** Machine types there may be (contract section 1). */
export const MACHINE_TYPES_MAX = 200;
const INSERT = `
  INSERT INTO machine_types (code, name, created_at, updated_at)
  VALUES (?1, iif(${hasRoom("machine_types", MACHINE_TYPES_MAX)}, ?2, NULL), ?3, ?3)`;

const codeTaken = (error: unknown) =>
  isUniqueViolation(error, "machine_types.code") ? ("machine_type_code_taken" as const) : null;

const answerFrom = (where: string) =>
  selectAnswer("machine_type", getTableColumns(machine_types), `machine_types WHERE ${where}`);

/** A page of machine types, by code. */
export async function listMachineTypes(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeCursor("machine_types", query.cursor, z.tuple([z.string()]));
  const rows = await ctx.db
    .select()
    .from(machine_types)
    .where(after ? gt(machine_types.code, after[0]) : undefined)
    .orderBy(asc(machine_types.code))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate("machine_types", rows, query.limit, (row) => [row.code]);
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
  const insert = ctx.env.DB.prepare(INSERT).bind(input.code, input.name, ctx.now().toISOString());
  return batchOnce(ctx, record, {
    status: 201,
    statements: [insert],
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
  const update = ctx.env.DB.prepare(
    "UPDATE machine_types SET code = COALESCE(?, code), name = COALESCE(?, name), updated_at = ? WHERE id = ?",
  ).bind(input.code ?? null, input.name ?? null, ctx.now().toISOString(), id);
  return batchOnce(ctx, record, {
    status: 200,
    statements: [update],
    select: answerFrom("id = ?"),
    params: [id],
    missing: "machine_type_not_found",
    refusal: codeTaken,
  });
}
