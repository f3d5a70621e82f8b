import { expect } from "vitest";
import { createContext } from "../../src/context.ts";
import { fileWords, type Sizes } from "../../src/tickets/filing.ts";
import { realWorld } from "../../src/world.ts";
import { bindings, execute, machine, type Person, send } from "../helpers.ts";
import type { Desk } from "./desk.ts";
import { idsOf } from "./pages.ts";

/** Pieces so small that a few tickets fill blocks of every level, of several leaves each. */
export const SMALL: Sizes = { block: 3, largest: 6, merged: 2, leaf: [120, 90, 60] };

/** Files words as the cron does. */
export const file = (sizes = SMALL) => fileWords(createContext(bindings(), realWorld, {}), sizes);

/** As if nothing had been filed, and no ticket were there. */
export const anew = () =>
  execute(
    "DELETE FROM search_leaves",
    "DELETE FROM search_blocks",
    "DELETE FROM search_edits",
    "UPDATE tickets SET deleted_at = created_at WHERE deleted_at IS NULL",
    // What other tests have made counts as filed.
    "INSERT INTO search_blocks (id, level, up_to) SELECT 0, 2, coalesce(MAX(id), 0) FROM tickets",
  );

/** The ids of the first page of a search. */
export const found = (desk: Desk, reader: Person, q: string) =>
  idsOf(desk, reader, `/api/tickets?limit=100&q=${encodeURIComponent(q)}`);

/** Adds a machine that is found by its name; its id. */
export async function addMachine(desk: Desk, admin: Person, type: string, name: string): Promise<number> {
  await machine(type);
  const response = await desk.app.request("/api/machines", send(admin, { machine_type: type, name }));
  expect(response.status).toBe(201);
  return ((await response.json()) as { machine: { id: number } }).machine.id;
}

export async function renameMachine(desk: Desk, admin: Person, id: number, name: string): Promise<void> {
  const response = await desk.app.request(`/api/machines/${id}`, send(admin, { name }, {}, "PATCH"));
  expect(response.status).toBe(200);
}
