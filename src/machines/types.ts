import { asc, eq, gt } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { machine_types } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";

const codeTaken = (error: unknown): never => {
  throw isUniqueViolation(error, "machine_types.code") ? new AppError("machine_type_code_taken") : error;
};

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
 * Adds a machine type.
 *
 * @throws AppError `machine_type_code_taken`.
 */
export async function createMachineType(ctx: Context, input: { code: string; name: string }) {
  const now = ctx.now().toISOString();
  const [row] = await ctx.db
    .insert(machine_types)
    .values({ ...input, created_at: now, updated_at: now })
    .returning()
    .catch(codeTaken);
  return row as typeof machine_types.$inferSelect;
}

/**
 * Renames a machine type or gives it another code. Numbers already given keep the old code.
 *
 * @throws AppError `machine_type_not_found`, `machine_type_code_taken`.
 */
export async function updateMachineType(ctx: Context, id: number, input: { code?: string; name?: string }) {
  const [row] = await ctx.db
    .update(machine_types)
    .set({ ...input, updated_at: ctx.now().toISOString() })
    .where(eq(machine_types.id, id))
    .returning()
    .catch(codeTaken);
  if (!row) throw new AppError("machine_type_not_found");
  return row;
}
