import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import { type ActorContext, atOneInstant } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { prepared } from "../db/json.ts";
import { machine_timeline, machines, users } from "../db/schema.ts";
import { untilWritten } from "../db/until-written.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import {
  type Answer,
  answerFromBatch,
  answerStatement,
  exactlyOnce,
  type IdempotencyRecord,
} from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { searchText } from "../search/words.ts";
import { HAS_TICKETS, IS_DOWN } from "./conditions.ts";
import { machineRefusal, SELECT_CHANGED, type SetByHand, setByHand } from "./machines.ts";
import type { UpdateMachineInput } from "./schemas.ts";
import { tellState } from "./state.ts";

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

/** Notes a status that a person sets, where it or its cause is another than before. */
function noteStatus(ctx: ActorContext, set: SetByHand, reason: string | null, condition: SQL | undefined) {
  const changes = sql`(${machines.status} <> ${set.status} OR ${machines.set_status} IS NOT ${set.set_status})`;
  return ctx.db.insert(machine_timeline).select(
    ctx.db
      .select({
        id: sql<number>`NULL`.as("id"),
        machine_id: machines.id,
        user_id: users.id,
        user_name: users.name,
        old_value: machines.status,
        new_value: sql<string>`${set.status}`.as("new_value"),
        cause: sql<"person">`'person'`.as("cause"),
        ticket_id: sql<number | null>`NULL`.as("ticket_id"),
        comment: sql<string | null>`${reason}`.as("comment"),
        created_at: sql<string>`${ctx.now().toISOString()}`.as("created_at"),
      })
      .from(machines)
      .innerJoin(users, eq(users.id, ctx.actor.id))
      .where(and(condition, changes)),
  );
}

/**
 * Changes a machine in use (contract section 3), once per idempotency key. Its search text follows its name, model and
 * serial number. A status is set by hand: it is noted in the machine's timeline, told, and stays until a person lifts it.
 *
 * @returns 200 with `{"machine": ...}`.
 * @throws AppError `machine_not_found`, also for a retired one; `machine_type_not_found`; `serial_number_taken`;
 *   `machine_has_tickets` when the type would change under tickets; `machine_is_down` when an open ticket keeps it out
 *   of service; `idempotency_key_reused`, `database_unavailable`.
 */
export function updateMachine(
  base: ActorContext,
  id: number,
  input: UpdateMachineInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const { machine_type, status, status_reason, ...fields } = input;
  const { hasTickets, isDown } = obstacles(input);
  const inUse = and(eq(machines.id, id), isNull(machines.retired_at));
  const typeId = sql`(SELECT id FROM machine_types WHERE code = ${machine_type})`;

  const attempt = async () => {
    const ctx = atOneInstant(base);
    const at = ctx.now().toISOString();
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
    // The search text is made from these: what this change does not set must still be what was read.
    const texts = (["name", "model", "serial_number"] as const).filter((text) => fields[text] === undefined);
    const holds = and(
      isNull(machines.retired_at),
      sql`NOT ${hasTickets} AND NOT ${isDown}`,
      ...texts.map((text) => sql`${machines[text]} IS ${before[text]}`),
    );
    const set = setByHand(ctx, status, status_reason);
    const update = ctx.db
      .update(machines)
      .set({
        ...fields,
        ...set,
        ...(machine_type !== undefined && { machine_type_id: typeId }),
        // Set again to what it is, it has been so all the time.
        ...(set && { status_since: sql`iif(${set.set_status} IS set_status, status_since, ${at})` }),
        search_text: searchText(named.name, named.model, named.serial_number),
        // Without an instant NOT NULL refuses the row, and the batch is undone.
        updated_at: sql`iif(${holds}, ${at}, NULL)`,
      })
      .where(eq(machines.id, id));
    try {
      const results = await ctx.env.DB.batch<{ id?: number; headers?: string; body?: string }>([
        // The note first: it tells what the status was.
        ...(set ? [prepared(ctx.env.DB, noteStatus(ctx, set, status_reason, inUse))] : []),
        prepared(ctx.env.DB, update),
        ...(set ? [tellState(ctx, id)] : []),
        answerStatement(ctx, record, 200, SELECT_CHANGED, [id]),
      ]);
      announceEnqueued(ctx, results);
      return answerFromBatch(200, results, "machine_not_found");
    } catch (error) {
      if (isNotNullViolation(error, "machines.updated_at")) return null;
      const code = machineRefusal(error);
      throw code ? new AppError(code) : error;
    }
  };
  return exactlyOnce(base, record, () => untilWritten(base, attempt));
}
