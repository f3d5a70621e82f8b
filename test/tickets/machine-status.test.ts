import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Ticket } from "../../src/tickets/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { execute, machine, type Person, queryAll } from "../helpers.ts";
import { contents, crew, expectRefusal, openDesk } from "./desk.ts";
import { interposed } from "./interposed.ts";

type MachineStatus = "operational" | "maintenance" | "out_of_service";

const desk = openDesk();
let people: Record<Role, Person>;

beforeAll(async () => {
  people = await crew();
});

async function statusOf(id: number): Promise<MachineStatus | undefined> {
  const [row] = await queryAll<{ status: MachineStatus }>("SELECT status FROM machines WHERE id = ?", id);
  return row?.status;
}

const setByHand = (id: number, status: MachineStatus) =>
  execute(`UPDATE machines SET status = '${status}', set_status = NULLIF('${status}', 'operational') WHERE id = ${id}`);
const down = (machine_id: number, is_machine_down = true) =>
  desk.create(people.operator, { machine_id, is_machine_down });
const move = (ticket: Ticket, ...statuses: Ticket["status"][]) =>
  statuses.reduce<Promise<unknown>>(
    (before, status) => before.then(() => desk.change(people.technician, ticket.id, { status })),
    Promise.resolve(),
  );

describe("a machine is out of service while an open ticket says that it is down", () => {
  test("from creation to completion, and again after reopening", async () => {
    const id = await machine();
    const ticket = await down(id);
    expect(await statusOf(id)).toBe("out_of_service");
    await move(ticket, "diagnostic", "waiting_parts", "in_progress");
    expect(await statusOf(id)).toBe("out_of_service");
    await move(ticket, "completed");
    expect(await statusOf(id)).toBe("operational");
    await move(ticket, "in_progress");
    expect(await statusOf(id)).toBe("out_of_service");
    await move(ticket, "completed", "archived");
    expect(await statusOf(id)).toBe("operational");
  });

  test("until the ticket is cancelled, and again when it comes back", async () => {
    const id = await machine();
    const ticket = await down(id);
    await move(ticket, "cancelled");
    expect(await statusOf(id)).toBe("operational");
    await move(ticket, "received");
    expect(await statusOf(id)).toBe("out_of_service");
  });

  test("until the ticket says otherwise", async () => {
    const id = await machine();
    const ticket = await down(id, false);
    expect(await statusOf(id)).toBe("operational");
    for (const is_machine_down of [true, false, true]) {
      await desk.change(people.technician, ticket.id, { is_machine_down });
      expect(await statusOf(id)).toBe(is_machine_down ? "out_of_service" : "operational");
    }
  });

  test("until the ticket is deleted", async () => {
    const id = await machine();
    const ticket = await down(id);
    expect((await desk.remove(people.admin, ticket.id)).status).toBe(204);
    expect(await statusOf(id)).toBe("operational");
  });

  test("and until the last of several is done", async () => {
    const id = await machine();
    const other = await machine();
    const [first, second, third] = [await down(id), await down(id), await down(id, false)];
    await down(other);
    await move(first, "in_progress", "completed");
    await move(third, "in_progress", "completed");
    expect(await statusOf(id)).toBe("out_of_service");
    await desk.change(people.technician, second.id, { is_machine_down: false });
    expect([await statusOf(id), await statusOf(other)]).toEqual(["operational", "out_of_service"]);
  });

  test("and when it is said together with the start of work", async () => {
    const id = await machine();
    const ticket = await down(id, false);
    await desk.change(people.technician, ticket.id, { status: "in_progress", is_machine_down: true });
    expect(await statusOf(id)).toBe("out_of_service");
    await desk.change(people.technician, ticket.id, { status: "completed", is_machine_down: false });
    expect(await statusOf(id)).toBe("operational");
  });

  test("not because of a ticket that is closed", async () => {
    const id = await machine();
    const ticket = await down(id, false);
    await move(ticket, "in_progress", "completed");
    await desk.change(people.technician, ticket.id, { is_machine_down: true });
    expect(await statusOf(id)).toBe("operational");
  });

  test("two last tickets completed at once leave it operational", async () => {
    const id = await machine();
    const tickets = await Promise.all([down(id), down(id), down(id)]);
    for (const ticket of tickets) await move(ticket, "in_progress");
    await Promise.all(tickets.map((ticket) => move(ticket, "completed")));
    expect(await statusOf(id)).toBe("operational");
  });
});

describe("maintenance, set by hand", () => {
  test("stays whatever happens to tickets that do not stop the machine", async () => {
    const id = await machine();
    await setByHand(id, "maintenance");
    const ticket = await down(id, false);
    await desk.comment(people.operator, ticket.id, "Smoke");
    await move(ticket, "in_progress", "completed", "in_progress", "cancelled");
    await desk.remove(people.admin, ticket.id);
    expect(await statusOf(id)).toBe("maintenance");
  });

  test.each(["completed", "cancelled"] as const)("stays when a ticket that stopped it is %s", async (status) => {
    const id = await machine();
    const ticket = await down(id);
    await move(ticket, "in_progress");
    await setByHand(id, "maintenance");
    await move(ticket, status);
    expect(await statusOf(id)).toBe("maintenance");
  });
});

describe("ticket and machine change together or not at all", () => {
  afterEach(() => execute("DROP TRIGGER IF EXISTS machine_stuck"));
  const stick = () =>
    execute("CREATE TRIGGER machine_stuck BEFORE UPDATE ON machines BEGIN SELECT RAISE(ABORT, 'stuck'); END");

  test.each<[string, (ticket: Ticket) => Promise<Response>]>([
    ["completing", ({ id }) => desk.patch(people.technician, id, { status: "completed" })],
    ["cancelling", ({ id }) => desk.patch(people.technician, id, { status: "cancelled" })],
    ["saying that it runs", ({ id }) => desk.patch(people.technician, id, { is_machine_down: false, comment: "Up" })],
    ["deleting", ({ id }) => desk.remove(people.admin, id)],
  ])("%s", async (_, request) => {
    const id = await machine();
    const ticket = await down(id);
    await move(ticket, "in_progress");
    const told = desk.announced.length;
    await stick();
    const problem = await expectRefusal(() => request(ticket), 500, "internal_error");
    expect(JSON.stringify(problem)).not.toContain("stuck");
    expect(desk.announced).toHaveLength(told);
  });

  test("creating", async () => {
    const id = await machine();
    await stick();
    const before = await contents();
    await expect(down(id)).rejects.toThrow();
    expect(await contents()).toEqual(before);
  });
});

test("deleting a ticket that was said to stop the machine a moment ago lets the machine run", async () => {
  const id = await machine();
  const ticket = await down(id, false);
  // Somebody else's change commits after this request has read the ticket and before it writes.
  const late = interposed(() => desk.change(people.technician, ticket.id, { is_machine_down: true }));
  const slow = openDesk(undefined, { DB: late });
  expect((await slow.remove(people.admin, ticket.id)).status).toBe(204);
  expect(await statusOf(id)).toBe("operational");
});
