import { beforeAll, describe, expect, test } from "vitest";
import { stage } from "../deliveries/stage.ts";
import { machine, type Person, person, queryAll, rowCounts, send } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";
import { customerOf, customersOf, EMPTY, held, overtakenBy } from "./api.ts";

const shop = stage();
const { app } = shop;
const NOW = new Date(shop.time()).toISOString();
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

const PREFERENCES = {
  preferred_channel: "phone",
  allow_email: true,
  allow_sms: true,
  allow_whatsapp: true,
  allow_phone: true,
  quiet_from: null,
  quiet_until: null,
};

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
    await shop.deliver();
    const note = { ticket: ticket.ticket_id, channel: "phone", direction: "inbound", summary: "Overheard: it smokes" };
    expect((await on.note(id, note, { "idempotency-key": `note-${id}` })).status).toBe(201);
    const mail = { recipients: [{ email: SECRETS.email, name: SECRETS.name }], subject: "Overheard", body: "Graphite" };
    const key = { "idempotency-key": `mail-${id}` };
    expect((await app.request(`/api/tickets/${ticket.id}/emails`, send(supervisor, mail, key))).status).toBe(202);
    await shop.deliver();
    return { id, ticket };
  }

  test("knows every table that refers to customers: a new one must be thought of in src/customers/remove.ts", async () => {
    const referring: string[] = [];
    for (const table of Object.keys(await rowCounts())) {
      const keys = await queryAll<{ table: string }>(`PRAGMA foreign_key_list("${table}")`);
      if (keys.some((key) => key.table === "customers")) referring.push(table);
    }
    expect(referring.sort()).toEqual([
      "contact_history",
      "contact_methods",
      "contact_preferences",
      "email_history",
      "tickets",
    ]);
  });

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
      contact_history: [
        expect.objectContaining({ summary: "We have received your request", value: SECRETS.email }),
        expect.objectContaining({ summary: "Overheard: it smokes", ticket_id: ticket.id }),
        expect.objectContaining({ summary: "Overheard", value: SECRETS.email }),
      ],
      emails: [
        expect.objectContaining({ recipient: SECRETS.email, subject: "We have received your request", status: "sent" }),
        expect.objectContaining({ recipient: SECRETS.email, subject: "Overheard", body: "Graphite", status: "sent" }),
      ],
      tickets: [{ ticket_id: ticket.ticket_id, title: ticket.title, created_at: ticket.created_at }],
      next_cursor: null,
    });
    const text = JSON.stringify(held);
    for (const secret of Object.values(SECRETS)) expect(text).toContain(secret);
    expect(text).toContain("+15145551212");
    await asAdmin.remove(`${id}?erase=true`);
  });

  test("leaves no trace of the person in any table, while the ticket stays", async () => {
    const { id, ticket } = await knownPerson();
    expect((await traces()).map((place) => place.split(".")[0])).toEqual(
      expect.arrayContaining(["contact_history", "contact_methods", "customers", "email_history", "idempotency_keys"]),
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

  // The empty change reads only.
  test.each(ERASED_CHANGES.filter(([label]) => label !== "an empty PATCH"))(
    "in the middle of %s wins: nothing is written over it",
    async (_, change) => {
      const { id } = await on.create(SECRETS);
      const overtaken = customersOf(
        overtakenBy(NOW, () => asAdmin.remove(`${id}?erase=true`)),
        () => supervisor,
      );
      await expectProblem(await change(id, overtaken), 410, "customer_erased");
      expect(await held(id)).toEqual({ ...EMPTY, customers: 1 });
      expect(await traces()).toEqual([]);
    },
  );

  test.each(ERASED_CHANGES.filter(([label]) => label !== "an empty PATCH"))(
    "a removal in the middle of %s is 404, not 500",
    async (_, change) => {
      const { id } = await on.create(SECRETS);
      const overtaken = customersOf(
        overtakenBy(NOW, () => on.remove(id)),
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
