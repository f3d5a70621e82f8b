import { beforeAll, expect, test } from "vitest";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, send } from "../helpers.ts";
import { crew, openDesk } from "../tickets/desk.ts";
import { patchMachine, shownMachine } from "./api.ts";

const desk = openDesk();
let people: Record<Role, Person>;

beforeAll(async () => {
  people = await crew();
});

const shown = async (id: number) => shownMachine(await desk.app.request(`/api/machines/${id}`, send(people.operator)));

async function timeline(id: number) {
  const response = await desk.app.request(`/api/machines/${id}/timeline`, send(people.operator));
  return ((await response.json()) as { timeline: unknown[] }).timeline;
}

test("who locked a machine and why is never lost when somebody sets the same state again", async () => {
  const id = await machine();
  const since = desk.clock.pass(5);
  const again = (by: Person, status_reason?: string) =>
    patchMachine(desk.app, by, id, { status: "out_of_service", status_reason });
  await again(people.supervisor, "Somebody is in the guard");
  desk.clock.pass(5);
  expect((await again(people.admin)).status).toBe(200);
  expect((await again(people.admin, "Somebody is in the guard")).status).toBe(200);
  const first = { set_by: people.supervisor.id, set_reason: "Somebody is in the guard", status_since: since };
  expect(await shown(id)).toMatchObject(first);
  expect(await timeline(id)).toHaveLength(1);
  desk.clock.pass(5);
  expect((await again(people.admin, "Spindle is out")).status).toBe(200);
  expect(await shown(id)).toMatchObject({
    set_by: people.admin.id,
    set_reason: "Spindle is out",
    status_since: since,
  });
  expect(await timeline(id)).toMatchObject([
    { user_id: people.admin.id, old_value: "out_of_service", new_value: "out_of_service", comment: "Spindle is out" },
    { user_id: people.supervisor.id, old_value: "operational", comment: "Somebody is in the guard" },
  ]);
});
