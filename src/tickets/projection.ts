import { eq } from "drizzle-orm";
import { alias, QueryBuilder, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import { newestId } from "../db/insert.ts";
import { jsonObject, jsonObjectText, selectJsonAnswer } from "../db/json.ts";
import { machine_types, machines, tickets, users } from "../db/schema.ts";
import { machineColumns } from "../machines/machines.ts";
import type { Ticket } from "./schemas.ts";

const assignee = alias(users, "assignee");

/** A ticket as the API shows it: which column each member comes from. */
const ticketColumns = {
  id: tickets.id,
  ticket_id: tickets.ticket_id,
  title: tickets.title,
  description: tickets.description,
  status: tickets.status,
  priority: tickets.priority,
  machine_id: tickets.machine_id,
  machine_type: machine_types.code,
  machine_name: machines.name,
  customer_id: tickets.customer_id,
  reported_by: tickets.reported_by,
  reporter_name: tickets.reporter_name,
  assigned_to: tickets.assigned_to,
  assignee_name: assignee.name,
  is_machine_down: tickets.is_machine_down,
  scheduled_date: tickets.scheduled_date,
  reported_at: tickets.reported_at,
  acknowledged_at: tickets.acknowledged_at,
  acknowledged_by: tickets.acknowledged_by,
  completed_at: tickets.completed_at,
  created_at: tickets.created_at,
  updated_at: tickets.updated_at,
  version: tickets.version,
} satisfies Record<keyof Ticket, SQLiteColumn>;

/** A SELECT of these members of the ticket `?` as a JSON object. */
export function selectMembers(members: readonly (keyof Ticket)[]): string {
  const columns = Object.fromEntries(members.map((member) => [member, ticketColumns[member]]));
  return `SELECT ${jsonObjectText(columns)} FROM tickets WHERE id = ?`;
}

const { qr_token: _, ...machineDocumentColumns } = machineColumns;

/**
 * SELECT of every ticket with its documents as JSON text, made from the columns above:
 * `id, ticket_id, version, ticket, machine`. Use it as a subquery and name the id outside.
 */
export const TICKET_DOCUMENTS = new QueryBuilder()
  .select({
    id: tickets.id,
    ticket_id: tickets.ticket_id,
    version: tickets.version,
    ticket: jsonObject(ticketColumns).as("ticket"),
    machine: jsonObject(machineDocumentColumns).as("machine"),
  })
  .from(tickets)
  .innerJoin(machines, eq(machines.id, tickets.machine_id))
  .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
  .leftJoin(assignee, eq(assignee.id, tickets.assigned_to))
  .toSQL().sql;

/** SQL for the id of the ticket that the running batch has inserted. */
export const CREATED_TICKET = newestId("tickets");

/** @param id SQL for the ticket's id. */
const selectAnswer = (id: string, headers: string): string =>
  selectJsonAnswer("ticket", "json(t.ticket)", `(${TICKET_DOCUMENTS}) AS t WHERE t.id = ${id}`, headers);
const ETAG = `'etag', '"' || t.version || '"'`;

/** The answer to a change of the ticket `?`. */
export const SELECT_CHANGED_TICKET = selectAnswer("?", ETAG);

/** The answer to a creation. */
export const SELECT_CREATED_TICKET = selectAnswer(
  CREATED_TICKET,
  `'location', '/api/tickets/' || t.ticket_id, ${ETAG}`,
);
