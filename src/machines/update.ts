import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { machines } from "../db/schema.ts";
import { AppError } from "../problem.ts";
import { searchText } from "../search/words.ts";
import { HAS_TICKETS, IS_DOWN } from "./conditions.ts";
import { ownColumns } from "./machines.ts";
import type { UpdateMachineInput } from "./schemas.ts";

/** Tries before a machine that others keep changing is given up on. */
const TRIES = 5;

const NOTHING = sql`0`;
const TYPE_CODE = sql.raw("(SELECT mt.code FROM machine_types mt WHERE mt.id = machines.machine_type_id)");

/** What stands against the change, as SQL over the row `machines`: asked before it, and again by the UPDATE itself. */
function obstacles(input: UpdateMachineInput): { hasTickets: SQL; isDown: SQL } {
  const { machine_type, status } = input;
  return {
    hasTickets:
      machine_type === undefined ? NOTHING : sql`iif(${TYPE_CODE} = ${machine_type}, 0, ${sql.raw(HAS_TICKETS)})`,
    isDown: status === undefined || status === "out_of_service" ? NOTHING : sql.raw(IS_DOWN),
  };
}

/**
 * Changes a machine in use (contract section 3). Its search text follows its name, model and serial number.
 *
 * @throws AppError `machine_not_found`, also for a retired one; `machine_type_not_found`; `serial_number_taken`;
 *   `machine_has_tickets` when the type would change under tickets; `machine_is_down` when an open ticket keeps it out
 *   of service; `database_unavailable` when others change it all the time.
 */
export async function updateMachine(ctx: Context, id: number, input: UpdateMachineInput) {
  const { machine_type, ...fields } = input;
  const { hasTickets, isDown } = obstacles(input);
  const inUse = and(eq(machines.id, id), isNull(machines.retired_at));
  const typeId = sql`(SELECT id FROM machine_types WHERE code = ${machine_type})`;

  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [before] = await ctx.db
      .select({
        name: machines.name,
        model: machines.model,
        serial_number: machines.serial_number,
        type_known: machine_type === undefined ? sql<number>`1` : sql<number>`${typeId} IS NOT NULL`,
        has_tickets: sql<number>`${hasTickets}`,
        is_down: sql<number>`${isDown}`,
      })
      .from(machines)
      .where(inUse);
    if (!before) throw new AppError("machine_not_found");
    if (!before.type_known) throw new AppError("machine_type_not_found");
    if (before.has_tickets) throw new AppError("machine_has_tickets");
    if (before.is_down) throw new AppError("machine_is_down");

    const named = { ...before, ...fields };
    const [row] = await ctx.db
      .update(machines)
      .set({
        ...fields,
        ...(machine_type !== undefined && { machine_type_id: typeId }),
        search_text: searchText(named.name, named.model, named.serial_number),
        updated_at: ctx.now().toISOString(),
      })
      .where(
        and(
          inUse,
          sql`NOT ${hasTickets} AND NOT ${isDown}`,
          // The search text is made from these, so they must still be what was read.
          sql`${machines.name} = ${before.name} AND ${machines.model} IS ${before.model}`,
          sql`${machines.serial_number} IS ${before.serial_number}`,
        ),
      )
      .returning({ ...ownColumns, machine_type: sql<string>`${TYPE_CODE}` })
      .catch((error: unknown): never => {
        if (isNotNullViolation(error, "machines.machine_type_id")) throw new AppError("machine_type_not_found");
        if (isUniqueViolation(error, "machines.serial_number")) throw new AppError("serial_number_taken");
        throw error;
      });
    if (row) return row;
  }
  throw new AppError("database_unavailable", { headers: { "retry-after": "1" } });
}
