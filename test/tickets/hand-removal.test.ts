import { expect, test } from "vitest";
import { createContext } from "../../src/context.ts";
import { fileWords, type Sizes } from "../../src/tickets/filing.ts";
import { realWorld } from "../../src/world.ts";
import { bindings, execute, machine, person, queryAll } from "../helpers.ts";
import { openDesk } from "./desk.ts";
import { idsOf } from "./pages.ts";

// No route removes a ticket's row. Somebody with a database console can, and the newest one's id is then given again.

const SMALL: Sizes = { block: 3, largest: 6, merged: 2, leaf: [120, 90, 60] };

test("a ticket that gets the id of a removed one is found by its own words, and by no other's", async () => {
  const desk = openDesk();
  const admin = await person("admin");
  const machine_id = await machine();
  const create = async (title: string) => (await desk.create(admin, { title, machine_id })).id;
  const file = () => fileWords(createContext(bindings(), realWorld, {}), SMALL);
  const found = () =>
    Promise.all(["gearbox", "conveyor"].map((word) => idsOf(desk, admin, `/api/tickets?limit=100&q=${word}`)));

  await create("Spindle leaks");
  await create("Coolant leaks");
  const removed = await create("Conveyor leaks");
  await file();
  expect(await found()).toEqual([[], [removed]]);
  await execute(
    `DELETE FROM ticket_timeline WHERE ticket_id = ${removed}`,
    `DELETE FROM tickets WHERE id = ${removed}`,
  );
  expect(await create("Gearbox leaks")).toBe(removed);
  expect(await found()).toEqual([[removed], []]);
  for (const door of [1, 2, 3]) await create(`Door ${door} jams`);
  await file();
  expect(await queryAll("SELECT 1 FROM search_edits")).toEqual([]);
  expect(await found()).toEqual([[removed], []]);
});
