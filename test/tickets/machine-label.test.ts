import { beforeAll, describe, expect, test } from "vitest";
import { MachineByLabelOutput } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { machine, type Person, queryAll, send } from "../helpers.ts";
import { crew, expectRefusal, openDesk } from "./desk.ts";

const desk = openDesk();
let people: Record<Role, Person>;

beforeAll(async () => {
  people = await crew();
});

const tokenOf = async (id: number) =>
  (await queryAll<{ qr_token: string }>("SELECT qr_token FROM machines WHERE id = ?", id))[0]?.qr_token ?? "";
const label = (token: string) => desk.get(people.operator, `/api/machines/by-token/${token}`);

/** What a scanned label shows, every member checked against the published schema. */
async function scanned(machine_id: number) {
  const response = await label(await tokenOf(machine_id));
  expect(response.status).toBe(200);
  return MachineByLabelOutput.strict().parse(await response.json());
}

/** Tickets with these titles, one after the other. */
async function report(machine_id: number, ...titles: string[]) {
  const made = [];
  for (const title of titles) {
    desk.clock.pass(1);
    made.push(await desk.create(people.operator, { machine_id, title }));
  }
  return made;
}

test("shows the machine as it is shown elsewhere", async () => {
  const id = await machine("CNC");
  const other = (await (await desk.get(people.operator, `/api/machines/${id}`)).json()) as object;
  expect(await scanned(id)).toEqual({ ...other, open_tickets: [], frequent_titles: [] });
});

describe("open tickets", () => {
  test("come with those that stop the machine first, then the newest, and without what is done or deleted", async () => {
    const id = await machine("LSR");
    const [old, done, gone, newer] = await report(id, "Leak", "Noise", "Smoke", "Alarm");
    const stop = await desk.create(people.technician, { machine_id: id, title: "Stands", is_machine_down: true });
    const [newest] = await report(id, "Dust");
    await desk.change(people.technician, done?.id ?? 0, { status: "cancelled" });
    await desk.remove(people.admin, gone?.id ?? 0);
    const { open_tickets } = await scanned(id);
    expect(open_tickets.map((ticket) => ticket.id)).toEqual([stop, newest, newer, old].map((ticket) => ticket?.id));
    expect(open_tickets[0]).toEqual(await desk.read(people.operator, stop.id));
  });

  test("are 20 at most, and what stops the machine is there however much came after it", async () => {
    const id = await machine("LSR");
    const stop = await desk.create(people.technician, { machine_id: id, title: "Stands", is_machine_down: true });
    await report(id, ...Array.from({ length: 22 }, (_, n) => `Noise ${n}`));
    const { open_tickets } = await scanned(id);
    expect(open_tickets).toHaveLength(20);
    expect(open_tickets.slice(0, 2).map(({ title }) => title)).toEqual(["Stands", "Noise 21"]);
    expect(open_tickets[0]?.id).toBe(stop.id);
  });
});

describe("frequent titles", () => {
  test("are the five that were reported most, in whatever case, as written last", async () => {
    const id = await machine("MIL");
    await report(id, "Leak", "noise", "Leak", "Noise", "Alarm", "LEAK", "Dust", "Smoke", "Stands", "Smoke");
    expect((await scanned(id)).frequent_titles).toEqual(["LEAK", "Smoke", "Noise", "Stands", "Dust"]);
  });

  test("are those of the type where the machine has fewer, after its own", async () => {
    const [id, alike, other] = [await machine("GRD"), await machine("GRD"), await machine("ASM")];
    await report(alike, "Wheel worn", "Leak", "Wheel worn", "Noise");
    await report(other, "Belt slips", "Belt slips");
    expect((await scanned(id)).frequent_titles).toEqual(["Wheel worn", "Noise", "Leak"]);
    await report(id, "leak");
    expect((await scanned(id)).frequent_titles).toEqual(["leak", "Wheel worn", "Noise"]);
  });

  test("are of the last year, and not of deleted tickets", async () => {
    const id = await machine("WLD");
    await report(id, "Old one");
    desk.clock.pass(365 * 24 * 60);
    const [, gone] = await report(id, "Spatter", "Wrong one");
    await desk.remove(people.admin, gone?.id ?? 0);
    expect((await scanned(id)).frequent_titles).toEqual(["Spatter"]);
  });
});

test.each(["none", "a".repeat(22), "a".repeat(500), "%27%20OR%201", "1"])("%s is no label", async (token) => {
  await expectRefusal(() => label(token), 404, "machine_not_found");
});

test("a retired machine has no label any more, and its id is none", async () => {
  const id = await machine("CNC");
  const token = await tokenOf(id);
  await report(id, "Leak");
  expect((await label(token)).status).toBe(200);
  await expectRefusal(() => label(`${id}`), 404, "machine_not_found");
  await expectRefusal(
    () => label(token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase()),
    404,
    "machine_not_found",
  );
  await desk.app.request(`/api/machines/${id}`, send(people.supervisor, undefined, {}, "DELETE"));
  await expectRefusal(() => label(token), 404, "machine_not_found");
});
