import { eq, type SQL, sql } from "drizzle-orm";
import { alias, QueryBuilder, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import { machine_types, machines, tickets, users } from "../db/schema.ts";
import type { Ticket } from "./schemas.ts";

export const assignee = alias(users, "assignee");

/** A ticket as the API shows it: which column each member comes from. */
export const ticketColumns = {
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

const jsonObject = (columns: Record<string, SQLiteColumn>): SQL => {
  const members = Object.entries(columns).map(([name, column]) => {
    const value = column.dataType === "boolean" ? sql`json(iif(${column}, 'true', 'false'))` : sql`${column}`;
    return sql`${sql.raw(`'${name}'`)}, ${value}`;
  });
  return sql`json_object(${sql.join(members, sql.raw(", "))})`;
};

/**
 * SELECT of the ticket that the running batch has inserted, as the answer to its creation: `headers` and `body`
 * in JSON text. A batch is alone in the database, so the newest row is its own.
 */
export const SELECT_CREATED_TICKET = new QueryBuilder()
  .select({
    headers: sql`json_object('location', '/api/tickets/' || ${tickets.ticket_id}, 'etag', '"1"')`.as("headers"),
    body: sql`json_object('ticket', ${jsonObject(ticketColumns)})`.as("body"),
  })
  .from(tickets)
  .innerJoin(machines, eq(machines.id, tickets.machine_id))
  .innerJoin(machine_types, eq(machine_types.id, machines.machine_type_id))
  .leftJoin(assignee, eq(assignee.id, tickets.assigned_to))
  .where(sql`${tickets.id} = (SELECT MAX(id) FROM tickets)`)
  .toSQL().sql;
