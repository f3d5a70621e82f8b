import { expect } from "vitest";
import type { z } from "zod";
import { Machine } from "../../src/machines/schemas.ts";
import { type App, execute, type Person, queryAll, send } from "../helpers.ts";

export type MachineDocument = z.output<typeof Machine>;

const AT = "2026-11-20T15:00:00.000Z";

/** The machine of an answer, checked against the published schema with no other member allowed. */
export async function shownMachine(response: Response, status = 200): Promise<MachineDocument> {
  const body = (await response.json()) as { machine: unknown };
  expect({ status: response.status, body }).toMatchObject({ status, body: { machine: {} } });
  return Machine.strict().parse(body.machine);
}

/** Adds a machine through the API, and its type when that is new. */
export async function addMachine(
  app: App,
  sender: Person,
  fields: Record<string, unknown> = {},
): Promise<MachineDocument> {
  const machine = { machine_type: "CNC", name: "Haas VF-2", ...fields };
  await execute(
    `INSERT INTO machine_types (code, name, created_at, updated_at)
     VALUES ('${machine.machine_type}', 'Type', '${AT}', '${AT}') ON CONFLICT DO NOTHING`,
  );
  return shownMachine(await app.request("/api/machines", send(sender, machine)), 201);
}

let tickets = 0;

/** Writes a ticket of this machine straight into the table; returns its row id. */
export async function ticketRow(
  machineId: number,
  reporter: Person,
  { status = "received", down = 0, deleted = false } = {},
): Promise<number> {
  const number = `TST-1126-${String(++tickets).padStart(4, "0")}`;
  await execute(
    `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, reported_by, reporter_name, status,
                          is_machine_down, reported_at, created_at, updated_at, completed_at, deleted_at)
     SELECT '${number}', 'Alarm 31', id, machine_type_id, ${reporter.id}, 'Somebody', '${status}', ${down},
            '${AT}', '${AT}', '${AT}', ${status === "completed" ? `'${AT}'` : "NULL"}, ${deleted ? `'${AT}'` : "NULL"}
     FROM machines WHERE id = ${machineId}`,
  );
  const [row] = await queryAll<{ id: number }>("SELECT id FROM tickets WHERE ticket_id = ?", number);
  return row?.id ?? 0;
}

export const patchMachine = (app: App, sender: Person | null, id: number, body: unknown) =>
  app.request(`/api/machines/${id}`, send(sender, body, {}, "PATCH"));

export const deleteMachine = (app: App, sender: Person | null, id: number) =>
  app.request(`/api/machines/${id}`, send(sender, undefined, {}, "DELETE"));
