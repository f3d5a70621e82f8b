import { beforeAll, describe, expect, test } from "vitest";
import { interposed } from "../desk/interposed.ts";
import { bindings, machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";
import { customerOf, customersOf, disagreements } from "./api.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const app = startApp({ now: () => new Date(NOW) });
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

const EMPTY = { customers: 0, contact_methods: 0, contact_preferences: 0, contact_history: 0 };

/** What the database holds of one customer, by table. */
async function held(id: number): Promise<typeof EMPTY> {
  const [row] = await queryAll<typeof EMPTY>(
    `SELECT ${Object.keys(EMPTY)
      .map(
        (table) =>
          `(SELECT COUNT(*) FROM ${table} WHERE ${table === "customers" ? "id" : "customer_id"} = ?1) AS ${table}`,
      )
      .join(", ")}`,
    id,
  );
  return row ?? EMPTY;
}

/** An application in which `act` comes between what the first changing request reads and what it writes. */
const overtakenBy = (act: () => Promise<unknown>) =>
  startApp({ now: () => new Date(NOW) }, bindings({ DB: interposed(act) }));

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
        const overtaken = overtakenBy(() => on.change(id, { notes: "Meanwhile" }));
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

describe("erasing", () => {
  // Words that occur nowhere else in the database of this file.
  const SECRETS = {
    name: "Philomène Quatrevingts",
    company: "Zinguerie Quatrevingts",
    email: "philomene@zinguerie.example",
    phone: "+15145559876",
    whatsapp: "+15145556789",
    notes: "Allergic to graphite",
  };
  const TRACES = /philom|quatrevingts|zinguerie|5559876|5556789|graphite|5551212|overheard/i;

  /** Every text in the database that tells of the person, with its table. */
  async function traces(): Promise<string[]> {
    const found: string[] = [];
    for (const table of Object.keys(await rowCounts())) {
      for (const row of await queryAll<Record<string, unknown>>(`SELECT * FROM "${table}"`)) {
        for (const [column, value] of Object.entries(row)) {
          if (TRACES.test(String(value))) found.push(`${table}.${column}`);
        }
      }
    }
    return [...new Set(found)].sort();
  }

  async function knownPerson() {
    const response = await on.post(SECRETS, { "idempotency-key": `person-${crypto.randomUUID()}` });
    const { id } = await customerOf(response, 201);
    await on.addMethod(id, { kind: "sms", value: "514 555 1212", is_primary: true });
    await on.change(id, { phone: "514 555 0000" });
    const ticket = await ticketFor(id);
    const note = { ticket: ticket.ticket_id, channel: "phone", direction: "inbound", summary: "Overheard: it smokes" };
    expect((await on.note(id, note, { "idempotency-key": `note-${id}` })).status).toBe(201);
    return { id, ticket };
  }

  test("is for administrators only", async () => {
    const { id } = await on.create();
    const init = send(supervisor, undefined, {}, "DELETE");
    await expectRefusal(app, `/api/customers/${id}?erase=true`, init, 403, "forbidden");
    await expectRefusal(app, `/api/customers/${id}?erase=yes`, init, 400, "validation_failed");
    expect(await on.read(id)).toMatchObject({ name: "Jeanne Roy", erased_at: null });
  });

  test("the export beforehand holds everything", async () => {
    const { id, ticket } = await knownPerson();
    const response = await on.get(`${id}/export`);
    expect(response.status).toBe(200);
    const held = (await response.json()) as Record<string, unknown>;
    expect(held).toEqual({
      customer: await on.read(id),
      contact_methods: await on.methods(id),
      contact_preferences: expect.objectContaining({ preferred_channel: "email" }),
      contact_history: [expect.objectContaining({ summary: "Overheard: it smokes", ticket_id: ticket.id })],
      tickets: [{ ticket_id: ticket.ticket_id, title: ticket.title, created_at: ticket.created_at }],
    });
    const text = JSON.stringify(held);
    for (const secret of Object.values(SECRETS)) expect(text).toContain(secret);
    expect(text).toContain("+15145551212");
    await asAdmin.remove(`${id}?erase=true`);
  });

  test("leaves no trace of the person in any table, while the ticket stays", async () => {
    const { id, ticket } = await knownPerson();
    expect((await traces()).map((place) => place.split(".")[0])).toEqual(
      expect.arrayContaining(["contact_history", "contact_methods", "customers", "idempotency_keys"]),
    );
    const response = await asAdmin.remove(`${id}?erase=true`);
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 204, body: "" });
    expect(await traces()).toEqual([]);
    expect(await held(id)).toEqual({ ...EMPTY, customers: 1 });
    const erased = await on.read(id);
    expect(erased).toMatchObject({
      name: "erased",
      company: null,
      email: null,
      phone: null,
      archived_at: NOW,
      erased_at: NOW,
    });
    const theirs = (await (await on.get(`${id}/tickets`)).json()) as { tickets: unknown[] };
    expect(theirs.tickets).toEqual([{ ...ticket, customer_id: id }]);

    // Again, and plainly: nothing happens any more.
    expect((await asAdmin.remove(`${id}?erase=true`)).status).toBe(204);
    expect((await on.remove(id)).status).toBe(204);
    expect(await on.read(id)).toEqual(erased);
    expect((await on.list("?archived=true&limit=100")).customers.map((customer) => customer.id)).not.toContain(id);
    const naming = send(supervisor, { title: "Another", machine_id, customer_id: id });
    await expectRefusal(app, "/api/tickets", naming, 422, "customer_not_found");
  });

  test("a removed customer leaves none either, and a repeated creation makes nobody anew", async () => {
    const key = { "idempotency-key": "repeated" };
    const { id } = await customerOf(await on.post(SECRETS, key), 201);
    expect((await on.remove(id)).status).toBe(204);
    expect(await traces()).toEqual([]);
    const before = await rowCounts();
    expect(await customerOf(await on.post(SECRETS, key), 201)).toMatchObject({ id, name: "erased", email: null });
    expect(await rowCounts()).toEqual(before);
  });

  const ERASED_CHANGES: [string, (id: number, customers: typeof on) => Promise<Response>][] = [
    ["PATCH", (id, customers) => customers.patch(id, { name: SECRETS.name, phone: SECRETS.phone, archived: false })],
    ["an empty PATCH", (id, customers) => customers.patch(id, {})],
    ["a method", (id, customers) => customers.addMethod(id, { kind: "phone", value: SECRETS.phone, is_primary: true })],
    ["preferences", (id, customers) => customers.putPreferences(id, PREFERENCES)],
    ["a note", (id, customers) => customers.note(id, { channel: "phone", direction: "inbound", summary: "Overheard" })],
  ];

  test.each(ERASED_CHANGES)("afterwards %s is refused and writes nothing", async (_, change) => {
    const { id } = await on.create();
    await asAdmin.remove(`${id}?erase=true`);
    const before = await rowCounts();
    await expectProblem(await change(id, on), 410, "customer_erased");
    expect(await rowCounts()).toEqual(before);
    const preferences = await on.get(`${id}/contact-preferences`);
    expect(preferences.status).toBe(200);
    expect((await on.get(`${id}/export`)).status).toBe(200);
    expect(await rowCounts()).toEqual(before);
  });

  // The empty change reads only, and preferences are one statement: their order is the database's.
  test.each(ERASED_CHANGES.filter(([label]) => !["an empty PATCH", "preferences"].includes(label)))(
    "in the middle of %s wins: nothing is written over it",
    async (_, change) => {
      const { id } = await on.create(SECRETS);
      const overtaken = customersOf(
        overtakenBy(() => asAdmin.remove(`${id}?erase=true`)),
        () => supervisor,
      );
      await expectProblem(await change(id, overtaken), 410, "customer_erased");
      expect(await held(id)).toEqual({ ...EMPTY, customers: 1 });
      expect(await traces()).toEqual([]);
    },
  );

  test.each(ERASED_CHANGES.filter(([label]) => !["an empty PATCH", "preferences"].includes(label)))(
    "a removal in the middle of %s is 404, not 500",
    async (_, change) => {
      const { id } = await on.create(SECRETS);
      const overtaken = customersOf(
        overtakenBy(() => on.remove(id)),
        () => supervisor,
      );
      await expectProblem(await change(id, overtaken), 404, "customer_unknown");
      expect(await held(id)).toEqual(EMPTY);
      expect(await traces()).toEqual([]);
    },
  );

  test.each([0, 1, 2, 3])("races with changes of every kind leave no trace (%i)", async () => {
    const { id } = await on.create(SECRETS);
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, (_, i) => on.patch(id, { notes: `graphite ${i}`, phone: `514 555 987${i}` })),
      on.addMethod(id, { kind: "sms", value: SECRETS.phone }),
      on.putPreferences(id, PREFERENCES),
      asAdmin.remove(`${id}?erase=true`),
      on.addMethod(id, { kind: "email", value: SECRETS.email, is_primary: true }),
      on.putPreferences(id, PREFERENCES),
      on.note(id, { channel: "phone", direction: "inbound", summary: "Overheard" }),
      ...Array.from({ length: 5 }, () => on.patch(id, SECRETS)),
    ]);
    for (const { status } of answers) expect([200, 201, 204, 410]).toContain(status);
    expect(await held(id)).toEqual({ ...EMPTY, customers: 1 });
    expect(await traces()).toEqual([]);
  });
});

const PREFERENCES = {
  preferred_channel: "phone",
  allow_email: true,
  allow_sms: true,
  allow_whatsapp: true,
  allow_phone: true,
  quiet_from: null,
  quiet_until: null,
};

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
      const overtaken = overtakenBy(() => asAdmin.remove(erase ? `${id}?erase=true` : id));
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
