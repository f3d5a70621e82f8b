import { beforeAll, describe, expect, test } from "vitest";
import { at, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";
import { customersOf, disagreements, EMPTY, held, overtakenBy } from "./api.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp(at(NOW));
let supervisor: Person;
let admin: Person;
let machine_id: number;
const on = customersOf(app, () => supervisor);
const asAdmin = customersOf(app, () => admin);

beforeAll(async () => {
  supervisor = await person("supervisor");
  admin = await person("admin");
  machine_id = await machine("CNC");
});

const ticketFor = async (customer_id: number) =>
  createdTicket(await postTicket(app, supervisor, { title: "Spindle vibrates", machine_id, customer_id }));

const patchTicket = (ref: string, body: unknown) =>
  app.request(`/api/tickets/${ref}`, send(supervisor, body, {}, "PATCH"));

describe("removing", () => {
  test("a customer without tickets leaves no row", async () => {
    const { id } = await on.create({ phone: "514 555 0123", email: "gone@shop.example" });
    await on.note(id, { channel: "phone", direction: "outbound", summary: "Called" });
    expect(await held(id)).toEqual({ customers: 1, contact_methods: 3, contact_preferences: 1, contact_history: 1 });
    const response = await on.remove(id);
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 204, body: "" });
    expect(await held(id)).toEqual(EMPTY);
    await expectProblem(await on.remove(id), 404, "customer_unknown");
  });

  test("one with tickets is archived: in no list, on no new ticket, and can come back", async () => {
    const { id } = await on.create({ name: "Archibald Old", phone: "514 555 0123" });
    const ticket = await ticketFor(id);
    expect((await on.remove(id)).status).toBe(204);
    const archived = await on.read(id);
    expect(archived).toMatchObject({ archived_at: NOW, version: 2, phone: "+15145550123" });
    // A second time changes nothing.
    expect((await on.remove(id)).status).toBe(204);
    expect(await on.read(id)).toEqual(archived);

    const listed = async (query: string) => (await on.list(query)).customers.map((customer) => customer.id);
    expect(await listed("?q=archibald")).toEqual([]);
    expect(await listed("")).not.toContain(id);
    expect(await listed("?q=archibald&archived=true")).toEqual([id]);

    const naming = send(supervisor, { title: "Another", machine_id, customer_id: id });
    await expectRefusal(app, "/api/tickets", naming, 422, "customer_not_found");
    const other = await createdTicket(await postTicket(app, supervisor, { title: "Other", machine_id }));
    await expectProblem(await patchTicket(other.ticket_id, { customer_id: id }), 422, "customer_not_found");
    // The ticket that names them already may go on saying so.
    expect((await patchTicket(ticket.ticket_id, { customer_id: id, title: "Renamed" })).status).toBe(200);

    expect(await on.change(id, { notes: "Moved away" })).toMatchObject({ archived_at: NOW, notes: "Moved away" });
    expect(await on.change(id, { archived: false })).toMatchObject({ archived_at: null });
    expect((await patchTicket(other.ticket_id, { customer_id: id })).status).toBe(200);
    expect(await on.change(id, { archived: true })).toMatchObject({ archived_at: NOW });
  });

  test("a deleted ticket still names its customer, so they are archived", async () => {
    const { id } = await on.create();
    const { ticket_id } = await ticketFor(id);
    expect((await app.request(`/api/tickets/${ticket_id}`, send(admin, undefined, {}, "DELETE"))).status).toBe(204);
    expect((await on.remove(id)).status).toBe(204);
    expect(await on.read(id)).toMatchObject({ archived_at: NOW });
  });

  test("is bound to If-Match, also when somebody changes the customer in that moment", async () => {
    for (const withTicket of [false, true]) {
      const { id } = await on.create({ phone: "514 555 0123" });
      if (withTicket) await ticketFor(id);
      const init = send(admin, undefined, { "if-match": '"99"' }, "DELETE");
      for (const path of [`/api/customers/${id}`, `/api/customers/${id}?erase=true`]) {
        await expectRefusal(app, path, init, 412, "version_conflict");
        const current = `"${(await on.read(id)).version}"`;
        const overtaken = overtakenBy(NOW, () => on.change(id, { notes: "Meanwhile" }));
        const before = await held(id);
        const late = await overtaken.request(path, send(admin, undefined, { "if-match": current }, "DELETE"));
        await expectProblem(late, 412, "version_conflict");
        expect(await held(id)).toEqual(before);
        expect(await on.read(id)).toMatchObject({ archived_at: null, erased_at: null, name: "Jeanne Roy" });
      }
      const { version } = await on.read(id);
      expect((await on.remove(id, { "if-match": `"${version}"` })).status).toBe(204);
    }
  });
});

describe("a customer who goes while a ticket names them", () => {
  const assertWhole = async (id: number, answers: Response[]) => {
    for (const { status } of answers) expect([200, 201, 204, 404, 422]).toContain(status);
    const [named] = await queryAll<{ n: number }>("SELECT COUNT(*) AS n FROM tickets WHERE customer_id = ?", id);
    const [row] = await queryAll<{ archived_at: string | null }>("SELECT archived_at FROM customers WHERE id = ?", id);
    // Removed only while no ticket names them; else archived.
    expect(row === undefined).toBe(named?.n === 0);
    if (row) expect(row.archived_at).toBe(NOW);
    expect(await queryAll("PRAGMA foreign_key_check")).toEqual([]);
  };

  test.each([0, 1, 2])("10 creations against a removal (%i)", async () => {
    const { id } = await on.create();
    const create = () => postTicket(app, supervisor, { title: "Race", machine_id, customer_id: id });
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, create),
      on.remove(id),
      ...Array.from({ length: 5 }, create),
    ]);
    await assertWhole(id, answers);
  });

  test("a ticket's change finds them gone: 422, not 500", async () => {
    for (const erase of [false, true]) {
      const { id } = await on.create();
      const ticket = await createdTicket(await postTicket(app, supervisor, { title: "Of nobody yet", machine_id }));
      const overtaken = overtakenBy(NOW, () => asAdmin.remove(erase ? `${id}?erase=true` : id));
      const path = `/api/tickets/${ticket.ticket_id}`;
      const late = await overtaken.request(path, send(supervisor, { customer_id: id }, {}, "PATCH"));
      await expectProblem(late, 422, "customer_not_found");
      expect(await queryAll("SELECT customer_id, version FROM tickets WHERE id = ?", ticket.id)).toEqual([
        { customer_id: null, version: 1 },
      ]);
    }
  });

  test("nobody disagrees with their contact methods in the end", async () => {
    expect(await disagreements()).toEqual([]);
  });
});
