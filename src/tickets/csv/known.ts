import type { Context } from "../../context.ts";
import { isAssignable } from "../../users/assignable.ts";

export interface KnownMachine {
  id: number;
  machine_type_id: number;
  code: string;
  retired: 0 | 1;
}

export interface KnownUser {
  id: number;
  assignable: 0 | 1;
}

/** What the lines of a file may refer to, as it stood when the import began. */
export interface Known {
  machineById: Map<number, KnownMachine>;
  /** By exact name and by serial number: several machines may share a name. */
  machinesByName: Map<string, KnownMachine[]>;
  userById: Map<number, KnownUser>;
  userByEmail: Map<string, KnownUser>;
}

type MachineRow = KnownMachine & { name: string; serial_number: string | null };
type UserRow = KnownUser & { email: string };

const MACHINES = `
  SELECT m.id, m.machine_type_id, mt.code, m.retired_at IS NOT NULL AS retired, m.name, m.serial_number
  FROM machines m JOIN machine_types mt ON mt.id = m.machine_type_id`;

const USERS = `SELECT id, email, ${isAssignable("users")} AS assignable FROM users`;

/** Queries of every machine and user of the shop, for `asKnown`, retired and inactive ones too: history names them. */
export const selectKnown = ({ env: { DB } }: Context): D1PreparedStatement[] => [
  DB.prepare(MACHINES),
  DB.prepare(USERS),
];

/** What these queries have found. */
export function asKnown(machines: D1Result<unknown> | undefined, users: D1Result<unknown> | undefined): Known {
  const known: Known = {
    machineById: new Map(),
    machinesByName: new Map(),
    userById: new Map(),
    userByEmail: new Map(),
  };
  for (const machine of (machines?.results ?? []) as MachineRow[]) {
    known.machineById.set(machine.id, machine);
    for (const name of new Set([machine.name, machine.serial_number])) {
      if (name) known.machinesByName.set(name, [...(known.machinesByName.get(name) ?? []), machine]);
    }
  }
  for (const user of (users?.results ?? []) as UserRow[]) {
    known.userById.set(user.id, user);
    known.userByEmail.set(user.email, user);
  }
  return known;
}

/** A query of which of these numbers exist already, on deleted tickets too: a number is never given twice. */
export const selectExisting = (ctx: Context, numbers: string[]): D1PreparedStatement =>
  ctx.env.DB.prepare("SELECT ticket_id FROM tickets WHERE ticket_id IN (SELECT value FROM json_each(?))").bind(
    JSON.stringify(numbers),
  );

/** The numbers that this query has found. */
export const asExisting = (found: D1Result<unknown> | undefined): Set<string> =>
  new Set(((found?.results ?? []) as { ticket_id: string }[]).map((row) => row.ticket_id));
