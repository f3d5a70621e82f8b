import { and, asc, eq, getTableColumns, gt, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { machine_types, machines } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { searchText } from "../search/words.ts";
import type { CreateMachineInput } from "./schemas.ts";

const { machine_type_id: _, search_text: __, ...ownColumns } = getTableColumns(machines);
/** A machine as the API shows it. */
export const machineColumns = { ...ownColumns, machine_type: machine_types.code };

/** A page of the machines in use, oldest first. */
export async function listMachines(ctx: Context, query: { limit: number; cursor?: string }) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const rows = await ctx.db
    .select(machineColumns)
    .from(machines)
    .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
    .where(and(isNull(machines.retired_at), after ? gt(machines.id, after[0]) : undefined))
    .orderBy(asc(machines.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { machines: page, next_cursor };
}

const QR_TOKEN_BYTES = 16;

/**
 * Adds a machine, with a QR token of its own.
 *
 * @throws AppError `machine_type_not_found`, `serial_number_taken`.
 */
export async function createMachine(ctx: Context, input: CreateMachineInput) {
  const now = ctx.now().toISOString();
  const { machine_type, ...fields } = input;
  const [row] = await ctx.db
    .insert(machines)
    .values({
      ...fields,
      machine_type_id: sql`(SELECT ${machine_types.id} FROM ${machine_types} WHERE ${machine_types.code} = ${machine_type})`,
      search_text: searchText(input.name, input.model, input.serial_number),
      qr_token: Buffer.from(crypto.getRandomValues(new Uint8Array(QR_TOKEN_BYTES))).toString("base64url"),
      created_at: now,
      updated_at: now,
    })
    .returning(ownColumns)
    .catch((error: unknown): never => {
      if (isNotNullViolation(error, "machines.machine_type_id")) throw new AppError("machine_type_not_found");
      if (isUniqueViolation(error, "machines.serial_number")) throw new AppError("serial_number_taken");
      throw error;
    });
  return { ...(row as Omit<typeof machines.$inferSelect, "machine_type_id">), machine_type };
}
