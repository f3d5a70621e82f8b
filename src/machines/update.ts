import type { ActorContext } from "../context.ts";
import { isNotNullViolation } from "../db/errors.ts";
import { assignments, type Fragment, joined } from "../db/fragment.ts";
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
import { atOneInstant } from "../world.ts";
import { DOWN_TICKETS, HAS_TICKETS, IS_DOWN } from "./conditions.ts";
import { addMachineEntries } from "./entries.ts";
import { machineRefusal, SELECT_CHANGED, type SetByHand, setByHand } from "./machines.ts";
import type { UpdateMachineInput } from "./schemas.ts";
import { tellState } from "./state.ts";

const TYPE_ID = "(SELECT id FROM machine_types WHERE code = ?)";
const TYPE_CODE = "(SELECT mt.code FROM machine_types mt WHERE mt.id = machines.machine_type_id)";

/** What stands against the change, as SQL over the row `machines`: asked before it, and again by the UPDATE itself. */
function obstacles(input: UpdateMachineInput): { hasTickets: Fragment; isDown: string; downTickets: string } {
  const { machine_type, status } = input;
  const runs = status !== undefined && status !== "out_of_service";
  return {
    hasTickets:
      machine_type === undefined
        ? { sql: "0", params: [] }
        : { sql: `iif(${TYPE_CODE} = ?, 0, ${HAS_TICKETS})`, params: [machine_type] },
    isDown: runs ? IS_DOWN : "0",
    downTickets: runs ? DOWN_TICKETS : "'[]'",
  };
}

interface Before {
  name: string;
  model: string | null;
  serial_number: string | null;
  type_known: number;
  has_tickets: number;
  down_tickets: string;
}

/**
 * The machine in use as the change finds it.
 *
 * @throws AppError what stands against the change: `machine_not_found`, `machine_type_not_found`,
 *   `machine_has_tickets`, `machine_is_down` with the numbers of the tickets that hold the machine.
 */
async function readForChange(ctx: ActorContext, id: number, input: UpdateMachineInput): Promise<Before> {
  const { hasTickets, downTickets } = obstacles(input);
  const { machine_type } = input;
  const before = await ctx.env.DB.prepare(
    `SELECT name, model, serial_number, ${machine_type === undefined ? "1" : `${TYPE_ID} IS NOT NULL`} AS type_known,
            ${hasTickets.sql} AS has_tickets, ${downTickets} AS down_tickets
     FROM machines WHERE id = ? AND retired_at IS NULL`,
  )
    .bind(...(machine_type === undefined ? [] : [machine_type]), ...hasTickets.params, id)
    .first<Before>();
  if (!before) throw new AppError("machine_not_found");
  if (!before.type_known) throw new AppError("machine_type_not_found");
  if (before.has_tickets) throw new AppError("machine_has_tickets");
  const tickets = JSON.parse(before.down_tickets) as string[];
  if (tickets.length > 0) throw new AppError("machine_is_down", { members: { tickets } });
  return before;
}

/** Notes a status that a person sets, where it, its cause or its reason is another than before. */
const NOTE_STATUS = addMachineEntries(
  {
    machine_id: "m.id",
    old_value: "m.status",
    new_value: "?2",
    cause: "'person'",
    comment: "?4",
    created_at: "?6",
  },
  `FROM machines m JOIN users u ON u.id = ?5
   WHERE m.id = ?1 AND m.retired_at IS NULL AND (
     m.status <> ?2 OR m.set_status IS NOT ?3 OR (?3 IS NOT NULL AND ?4 IS NOT NULL AND m.set_reason IS NOT ?4))`,
);

/**
 * The assignments of a status that a person sets. Set again to what it is, it has been so all the time; who set it and
 * why stays, too, unless there is another reason now, which the timeline then tells of.
 */
function statusAssignments(set: SetByHand, at: string): Fragment[] {
  const { status, set_status, set_by, set_reason } = set;
  const same = "? IS set_status AND (? IS NULL OR ? IS set_reason)";
  const asBefore = [set_status, set_reason, set_reason];
  return [
    ...assignments({ status, set_status }),
    { sql: `set_by = iif(${same}, set_by, ?)`, params: [...asBefore, set_by] },
    { sql: `set_reason = iif(${same}, set_reason, ?)`, params: [...asBefore, set_reason] },
    { sql: "status_since = iif(? IS set_status, status_since, ?)", params: [set_status, at] },
  ];
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

  const attempt = async () => {
    const ctx = atOneInstant(base);
    const at = ctx.now().toISOString();
    const before = await readForChange(ctx, id, input);
    const named = { ...before, ...fields };
    // The search text is made from these: what this change does not set must still be what was read.
    const texts = (["name", "model", "serial_number"] as const).filter((text) => fields[text] === undefined);
    const holds = joined(" AND ", [
      { sql: `retired_at IS NULL AND NOT ${hasTickets.sql} AND NOT ${isDown}`, params: hasTickets.params },
      ...texts.map((text) => ({ sql: `${text} IS ?`, params: [before[text]] })),
    ]);
    const set = status && setByHand(ctx, status, status_reason);
    const update = joined(", ", [
      ...assignments(fields),
      ...(set ? statusAssignments(set, at) : []),
      ...(machine_type === undefined ? [] : [{ sql: `machine_type_id = ${TYPE_ID}`, params: [machine_type] }]),
      { sql: "search_text = ?", params: [searchText(named.name, named.model, named.serial_number)] },
      // Without an instant NOT NULL refuses the row, and the batch is undone.
      { sql: `updated_at = iif(${holds.sql}, ?, NULL)`, params: [...holds.params, at] },
    ]);
    const { DB } = ctx.env;
    try {
      const results = await DB.batch<{ id?: number; headers?: string; body?: string }>([
        // The note first: it tells what the status was.
        ...(set ? [DB.prepare(NOTE_STATUS).bind(id, status, set.set_status, status_reason, ctx.actor.id, at)] : []),
        DB.prepare(`UPDATE machines SET ${update.sql} WHERE id = ?`).bind(...update.params, id),
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
