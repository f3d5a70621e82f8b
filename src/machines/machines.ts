import { and, asc, eq, getTableColumns, gt, isNull, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { machine_types, machines } from "../db/schema.ts";
import { decodeCursor, paginate } from "../http/cursor.ts";
import { AppError } from "../problem.ts";
import { searchText, words } from "../search/words.ts";
import type { CreateMachineInput, MachineListQuery } from "./schemas.ts";

const { machine_type_id: _, search_text: __, ...columns } = getTableColumns(machines);
/** What the API shows of the table `machines` itself. */
export const ownColumns = columns;
/** A machine as the API shows it. */
export const machineColumns = { ...ownColumns, machine_type: machine_types.code };

/** Machines that have, for each word of `q`, a word that begins with it; none when `q` has nothing to look for. */
function matching(q: string | undefined): SQL | undefined {
  if (!q) return undefined;
  const wanted = words(q);
  if (wanted.length === 0) return sql`0`;
  // instr() and not LIKE: nothing that a person types is a pattern. One parameter, however many words there are.
  return sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(wanted)}) AS wanted
                         WHERE instr(${machines.search_text}, ' ' || wanted.value) = 0)`;
}

/**
 * A page of the machines in use, oldest first.
 *
 * @throws AppError `invalid_cursor`.
 */
export async function listMachines(ctx: Context, query: MachineListQuery) {
  const after = decodeCursor(query.cursor, z.tuple([z.int().positive()]));
  const rows = await ctx.db
    .select(machineColumns)
    .from(machines)
    .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
    .where(
      and(
        isNull(machines.retired_at),
        after ? gt(machines.id, after[0]) : undefined,
        query.status ? eq(machines.status, query.status) : undefined,
        query.machine_type ? eq(machine_types.code, query.machine_type) : undefined,
        matching(query.q),
      ),
    )
    .orderBy(asc(machines.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginate(rows, query.limit, (row) => [row.id]);
  return { machines: page, next_cursor };
}

/**
 * One machine, also when it is retired: its tickets go on naming it.
 *
 * @throws AppError `machine_not_found`.
 */
export async function getMachine(ctx: Context, id: number) {
  const [row] = await ctx.db
    .select(machineColumns)
    .from(machines)
    .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
    .where(eq(machines.id, id))
    .limit(1);
  if (!row) throw new AppError("machine_not_found");
  return row;
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
