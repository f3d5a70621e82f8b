import { and, asc, eq, getTableColumns, gt, isNull, type SQL, sql } from "drizzle-orm";
import type { ActorContext, Context } from "../context.ts";
import { isNotNullViolation, isUniqueViolation } from "../db/errors.ts";
import { newestId } from "../db/insert.ts";
import { selectAnswer } from "../db/json.ts";
import { machine_types, machines } from "../db/schema.ts";
import { announceEnqueued } from "../deliveries/outbox.ts";
import { decodeId, paginateById } from "../http/cursor.ts";
import { type Answer, batchOnce, type IdempotencyRecord } from "../http/idempotency.ts";
import { AppError } from "../problem.ts";
import { searchText, words } from "../search/words.ts";
import type { MachineStatus, SetStatus } from "../vocabulary/machines.ts";
import { atOneInstant } from "../world.ts";
import type { CreateMachineInput, MachineListQuery } from "./schemas.ts";
import { noteFirst, tellState } from "./state.ts";

const { machine_type_id: _, search_text: __, ...ownColumns } = getTableColumns(machines);
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
  const after = decodeId("machines", query.cursor);
  const rows = await ctx.db
    .select(machineColumns)
    .from(machines)
    .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
    .where(
      and(
        isNull(machines.retired_at),
        after ? gt(machines.id, after) : undefined,
        query.status ? eq(machines.status, query.status) : undefined,
        query.machine_type ? eq(machine_types.code, query.machine_type) : undefined,
        matching(query.q),
      ),
    )
    .orderBy(asc(machines.id))
    .limit(query.limit + 1);
  const { page, next_cursor } = paginateById("machines", rows, query.limit);
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

export interface SetByHand {
  status: MachineStatus;
  set_status: SetStatus | null;
  set_by: number | null;
  set_reason: string | null;
}

/** The columns of a status that a person sets, while no open ticket says that the machine is down. */
export function setByHand(ctx: ActorContext, status: SetByHand["status"], reason: string | null): SetByHand {
  return status === "operational"
    ? { status, set_status: null, set_by: null, set_reason: null }
    : { status, set_status: status, set_by: ctx.actor.id, set_reason: reason };
}

const QR_TOKEN_BYTES = 16;

const INSERT = `
  INSERT INTO machines (machine_type_id, name, model, serial_number, location, status, set_status, set_by, set_reason,
                        status_since, search_text, qr_token, created_at, updated_at)
  VALUES ((SELECT id FROM machine_types WHERE code = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?10, ?10)`;
const IS = "machines JOIN machine_types ON machine_types.id = machines.machine_type_id WHERE machines.id =";
const SELECT_NEWEST = selectAnswer("machine", machineColumns, `${IS} ${newestId("machines")}`);
/** The answer to a change of the machine `?`. */
export const SELECT_CHANGED = selectAnswer("machine", machineColumns, `${IS} ?`);

/** What it means that the database refuses a machine. */
export function machineRefusal(error: unknown) {
  if (isNotNullViolation(error, "machines.machine_type_id")) return "machine_type_not_found";
  return isUniqueViolation(error, "machines.serial_number") ? "serial_number_taken" : null;
}

/**
 * Adds a machine, with a QR token of its own, once per idempotency key. A status other than operational
 * is noted in its timeline and told, like any change of its state.
 *
 * @returns 201 with `{"machine": ...}`.
 * @throws AppError `machine_type_not_found`, `serial_number_taken`, `idempotency_key_reused`, `database_unavailable`.
 */
export function createMachine(
  base: ActorContext,
  input: CreateMachineInput,
  record: IdempotencyRecord | null,
): Promise<Answer> {
  const ctx = atOneInstant(base);
  const { machine_type, name, model, serial_number, location } = input;
  const set = setByHand(ctx, input.status, input.status_reason);
  const insert = ctx.env.DB.prepare(INSERT).bind(
    machine_type,
    name,
    model,
    serial_number,
    location,
    set.status,
    set.set_status,
    set.set_by,
    set.set_reason,
    ctx.now().toISOString(),
    searchText(name, model, serial_number),
    Buffer.from(crypto.getRandomValues(new Uint8Array(QR_TOKEN_BYTES))).toString("base64url"),
  );
  return batchOnce(ctx, record, {
    status: 201,
    statements: [insert, ...(input.status === "operational" ? [] : [noteFirst(ctx), tellState(ctx, null)])],
    select: SELECT_NEWEST,
    refusal: machineRefusal,
    written: (results) => announceEnqueued(ctx, results),
  });
}
