import { insertSelect } from "../db/insert.ts";
import type { tickets } from "../db/schema.ts";
import { STORED_FIELDS, type StoredField } from "./fields.ts";

/** A ticket that is added, by whatever way: what each field holds. Without a reporter's name it gets the sender's. */
export type NewTicket = Omit<Pick<typeof tickets.$inferSelect, StoredField>, "reporter_name"> & {
  reporter_name: string | null;
};

/** Columns that no field gives, or not by itself. */
type OwnColumn = "ticket_id" | "machine_type_id" | "reported_by" | "reporter_name" | "updated_at" | "search_text";

/**
 * SQL that adds tickets.
 *
 * @param row SQL for a ticket's fields: a `NewTicket` as JSON.
 * @param own SQL for the other columns.
 * @param from what follows the values: FROM, WHERE, ORDER BY.
 */
export function insertTickets(
  row: string,
  own: Record<OwnColumn, string> & { overdue_notified_for?: string; escalated_at?: string },
  from: string,
): string {
  const fields = STORED_FIELDS.map((field) => [field, `${row} ->> '${field}'`]);
  return insertSelect("tickets", { ...Object.fromEntries(fields), ...own }, from);
}
