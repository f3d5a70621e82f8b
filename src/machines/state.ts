import type { ActorContext } from "../context.ts";
import { newestId } from "../db/insert.ts";
import { enqueue } from "../deliveries/outbox.ts";
import { IS_DOWN } from "./conditions.ts";
import { addMachineEntries } from "./entries.ts";

/**
 * The state that holds, over the row `machines`: out of service while a person or an open ticket says so, else what a
 * person has set, else operational (contract section 3). So whatever tickets do, what a person has set stays.
 */
const STATUS = `
  CASE WHEN ${IS_DOWN} THEN 'out_of_service' ELSE COALESCE(set_status, 'operational') END`;

const ADDED = newestId("machines");

const LISTED = "id IN (SELECT value FROM json_each(?))";

const noteTickets = (ticketId: string): string =>
  addMachineEntries(
    {
      machine_id: "machines.id",
      old_value: "machines.status",
      new_value: STATUS,
      cause: "'tickets'",
      ticket_id: ticketId,
      created_at: "?",
    },
    `FROM machines JOIN users u ON u.id = ? WHERE machines.${LISTED} AND machines.status <> ${STATUS}`,
  );

const FOLLOW = `
  UPDATE machines SET status = ${STATUS}, status_since = ?, updated_at = ?
  WHERE ${LISTED} AND status <> ${STATUS}`;

/**
 * Statements that bring machines in line with what their open tickets say, for the batch that changes a ticket: after
 * the ticket's own statements. They write nothing where the state stays as it is.
 *
 * @param ticketId SQL for the id of the ticket that is the reason.
 */
export function followTickets(ctx: ActorContext, machineIds: number[], ticketId: string): D1PreparedStatement[] {
  const at = ctx.now().toISOString();
  const ids = JSON.stringify(machineIds);
  const { DB } = ctx.env;
  return [DB.prepare(noteTickets(ticketId)).bind(at, ctx.actor.id, ids), DB.prepare(FOLLOW).bind(at, at, ids)];
}

/**
 * A statement, for the batch that adds a machine, that notes the status it begins with, unless it is operational.
 * Whoever sets one by hand stands in the row.
 */
export const noteFirst = (ctx: ActorContext): D1PreparedStatement =>
  ctx.env.DB.prepare(
    addMachineEntries(
      {
        machine_id: "m.id",
        old_value: "'operational'",
        new_value: "m.status",
        cause: "'person'",
        comment: "m.set_reason",
        created_at: "m.created_at",
      },
      `FROM machines m JOIN users u ON u.id = m.set_by WHERE m.id = ${ADDED}`,
    ),
  );

/** Whether the entry `e` gives nothing but another reason for what a person had set before: noted, not told. */
const IS_ONLY_REASON = `(e.old_value = e.new_value AND e.cause || e.new_value IS (
  SELECT p.cause || p.new_value FROM machine_timeline p
  WHERE p.machine_id = e.machine_id AND p.id < e.id ORDER BY p.id DESC LIMIT 1))`;

/**
 * A statement that tells the endpoints that listen what the batch has just noted of a machine's state.
 *
 * @param machineId null: the machine that the batch has added.
 * @returns rows `{id}` of new deliveries.
 */
export function tellState(ctx: ActorContext, machineId: number | null): D1PreparedStatement {
  const at = ctx.now().toISOString();
  return enqueue(
    ctx,
    `SELECT 'webhook' AS channel, 'webhook:' || w.id AS target,
            'machine:' || m.id || '/e' || e.id AS subject, 'machine.status_changed' AS event_type,
            json_object('type', 'machine.status_changed', 'timestamp', e.created_at, 'data', json_object(
              'machine', json_object('id', m.id, 'machine_type', mt.code, 'name', m.name, 'model', m.model,
                                     'serial_number', m.serial_number, 'location', m.location, 'status', m.status,
                                     'status_cause', m.status_cause, 'status_since', m.status_since),
              'old_status', e.old_value, 'new_status', e.new_value, 'cause', e.cause, 'reason', e.comment,
              'ticket', (SELECT json_object('id', t.id, 'ticket_id', t.ticket_id, 'title', t.title)
                         FROM tickets t WHERE t.id = e.ticket_id),
              'actor', json_object('id', e.user_id, 'name', e.user_name))) AS payload
     FROM webhook_endpoints w
     CROSS JOIN machine_timeline e
     JOIN machines m ON m.id = e.machine_id
     JOIN machine_types mt ON mt.id = m.machine_type_id
     WHERE w.active = 1
       AND EXISTS (SELECT 1 FROM json_each(w.events) heard WHERE heard.value = 'machine.status_changed')
       AND e.machine_id = COALESCE(?, ${ADDED})
       AND e.id = (SELECT MAX(n.id) FROM machine_timeline n WHERE n.machine_id = e.machine_id) AND e.created_at = ?
       AND NOT ${IS_ONLY_REASON}`,
    [machineId, at],
    // The newest entry may be another batch's of the same millisecond, which has told of it.
    { once: true },
  );
}
