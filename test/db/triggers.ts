import { execute, queryAll } from "../helpers.ts";

type Event = "INSERT" | "UPDATE" | "DELETE";

/** What a failing statement says; no answer may repeat it. */
export const FAULT_TEXT = "injected fault at /srv/secret";

/** From now on every such statement on the table fails, and with it its batch. */
export const abortOn = (event: Event, table: string): Promise<void> =>
  execute(`CREATE TRIGGER fault_${event}_${table} BEFORE ${event} ON ${table}
           BEGIN SELECT RAISE(ABORT, '${FAULT_TEXT}'); END`);

/** From now on `statement` runs before every such statement on the table, as part of it. */
export const runBefore = (event: Event, table: string, statement: string): Promise<void> =>
  execute(`CREATE TRIGGER fault_${event}_${table} BEFORE ${event} ON ${table} BEGIN ${statement}; END`);

/** SQL of a ticket as somebody with a database console would write it. `ticketId` and `title` are SQL expressions. */
const handWrittenTicket = (ticketId: string, machineId: number, userId: number, title = "'Imported by hand'"): string =>
  `INSERT INTO tickets (ticket_id, title, machine_id, reported_by, reporter_name, reported_at, created_at, updated_at)
   VALUES (${ticketId}, ${title}, ${machineId}, ${userId}, 'Somebody',
           '2026-11-01T12:00:00.000Z', '2026-11-01T12:00:00.000Z', '2026-11-01T12:00:00.000Z')`;

/** SQL of a ticket that gets its number past the counter. */
export const foreignTicketSql = (ticketId: string, machineId: number, userId: number, title?: string): string =>
  handWrittenTicket(`'${ticketId}'`, machineId, userId, title);

/** From now on every number is taken just before a ticket gets it. */
export const collideAlways = (machineId: number, userId: number): Promise<void> =>
  runBefore("INSERT", "tickets", handWrittenTicket("NEW.ticket_id", machineId, userId));

/** Ends all faults. */
export async function dropFaults(): Promise<void> {
  const triggers = await queryAll<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'trigger'");
  if (triggers.length > 0) await execute(...triggers.map(({ name }) => `DROP TRIGGER ${name}`));
}
