import { insertEntries } from "../db/timeline.ts";

/** SQL for the members of an entry of a machine's timeline; those left out are NULL. */
interface EntrySource {
  machine_id: string;
  old_value: string;
  new_value: string;
  cause: "'person'" | "'tickets'";
  comment?: string;
  ticket_id?: string;
  created_at: string;
}

/**
 * SQL that adds entries to the timelines of machines, the one way in which that is done. They keep id and name of the
 * row `u`.
 *
 * @param source in the order in which placeholders are bound.
 * @param from what follows the values: FROM, WHERE.
 */
export const addMachineEntries = ({ machine_id, ...rest }: EntrySource, from: string): string =>
  insertEntries("machine_timeline", { machine_id, user_id: "u.id", user_name: "u.name", ...rest }, from);
