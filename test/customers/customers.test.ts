import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeCursor } from "../../src/http/cursor.ts";
import { bindings, execute, machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";
import { planOf, recordingDatabase } from "../tickets/plan.ts";
import { customerOf, customersOf } from "./api.ts";

let time = Date.parse("2026-11-20T15:00:00.000Z");
const { database, statements } = recordingDatabase();
const app = startApp({ now: () => new Date(time) }, bindings({ DB: database }));
let supervisor: Person;
const on = customersOf(app, () => supervisor);

beforeAll(async () => {
  supervisor = await person("supervisor");
});

describe("a customer", () => {
  test("is stored as sent, normalised, and answers with every member", async () => {
    const response = await on.post({
      name: "  E\u0301lodie Roy ",
      company: "Atelier Roy",
      email: "Elodie@Atelier.Example",
      phone: "514 555 0123",
      language: "fr",
      notes: "Ring twice.\nSide door.",
      version: 7,
      archived_at: "2020-01-01T00:00:00.000Z",
    });
    const customer = await customerOf(response, 201);
    expect(customer).toEqual({
      id: customer.id,
      name: "Élodie Roy",
      company: "Atelier Roy",
      email: "elodie@atelier.example",
      phone: "+15145550123",
      whatsapp: "+15145550123",
      language: "fr",
      notes: "Ring twice.\nSide door.",
      version: 1,
      created_at: "2026-11-20T15:00:00.000Z",
      updated_at: "2026-11-20T15:00:00.000Z",
      archived_at: null,
      erased_at: null,
    });
    expect(response.headers.get("location")).toBe(`/api/customers/${customer.id}`);
    expect(response.headers.get("etag")).toBe('"1"');
    expect(await on.read(customer.id)).toEqual(customer);
  });

  test("needs a name only", async () => {
    const customer = await on.create();
    expect(customer).toMatchObject({ company: null, email: null, phone: null, whatsapp: null, language: null });
  });

  test("keeps what a PATCH does not name, and loses what it sets to null or blank", async () => {
    const { id } = await on.create({ company: "Atelier", email: "a@b.example", notes: "N", language: "fr" });
    time += 1000;
    const changed = await on.change(id, { company: "  ", notes: null, name: "Jeanne" });
    expect(changed).toMatchObject({ name: "Jeanne", company: null, notes: null, email: "a@b.example", language: "fr" });
    expect(changed).toMatchObject({ version: 2, updated_at: new Date(time).toISOString() });
    expect(await on.change(id, { language: null, email: "" })).toMatchObject({ language: null, email: null });
    const untouched = await on.change(id, { unknown: 1 });
    expect(untouched).toEqual(await on.read(id));
    expect(untouched.version).toBe(3);
  });

  test("answers 304 to who has it, 412 to who changes another version", async () => {
    const { id } = await on.create();
    const headers = { "if-none-match": '"1"' };
    const known = await on.get(id, headers);
    expect({ status: known.status, etag: known.headers.get("etag"), body: await known.text() }).toEqual({
      status: 304,
      etag: '"1"',
      body: "",
    });
    expect((await on.patch(id, { name: "Second" }, { "if-match": '"1"' })).status).toBe(200);
    expect((await on.get(id, headers)).status).toBe(200);
    const stale = send(supervisor, { name: "Third" }, { "if-match": '"1"' }, "PATCH");
    await expectRefusal(app, `/api/customers/${id}`, stale, 412, "version_conflict");
    expect((await on.patch(id, { name: "Fourth" }, { "if-match": "*" })).status).toBe(200);
    expect(await on.read(id)).toMatchObject({ name: "Fourth", version: 3 });
  });

  test("of 20 changes bound to one version one is made; of 20 bound to any, all", async () => {
    const { id } = await on.create();
    const race = async (tag: string) =>
      (await Promise.all(Array.from({ length: 20 }, (_, i) => on.patch(id, { name: `N ${i}` }, { "if-match": tag }))))
        .map((response) => response.status)
        .sort();
    expect(await race('"1"')).toEqual([200, ...Array(19).fill(412)]);
    expect(await race("*")).toEqual(Array(20).fill(200));
    expect((await on.read(id)).version).toBe(22);
  });

  test.each([
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/export"],
    ["GET", "/tickets"],
    ["GET", "/contact-methods"],
    ["GET", "/contact-preferences"],
    ["GET", "/contact-history"],
  ])("that does not exist is 404: %s %s", async (method, path) => {
    const init = send(supervisor, method === "PATCH" ? { name: "N" } : undefined, {}, method);
    await expectRefusal(app, `/api/customers/999999${path}`, init, 404, "customer_unknown");
  });

  test("shows their tickets, newest first, in pages", async () => {
    const { id } = await on.create();
    const machine_id = await machine("CNC");
    const made: string[] = [];
    for (const title of ["First", "Second", "Third"]) {
      time += 1000;
      const ticket = await createdTicket(await postTicket(app, supervisor, { title, machine_id, customer_id: id }));
      expect(ticket.customer_id).toBe(id);
      made.unshift(ticket.ticket_id);
    }
    await postTicket(app, supervisor, { title: "Of nobody", machine_id });
    const page = (await (await on.get(`${id}/tickets?limit=2`)).json()) as {
      tickets: { ticket_id: string }[];
      next_cursor: string;
    };
    const rest = (await (await on.get(`${id}/tickets?cursor=${page.next_cursor}`)).json()) as typeof page;
    expect([...page.tickets, ...rest.tickets].map((ticket) => ticket.ticket_id)).toEqual(made);
  });
});

describe("finding customers", () => {
  const found = async (q: string) =>
    (await on.list(`?q=${encodeURIComponent(q)}`)).customers.map((customer) => customer.name);

  beforeAll(async () => {
    await on.create({ name: "Zoé Lefèvre-Côté", company: "Usinage Précis 2000", email: "zoe_l+shop@precis.example" });
    const { id } = await on.create({ name: "Zacharie Noël", phone: "418 555 0199", whatsapp: "+33 6 12 34 56 78" });
    await on.change(id, { phone: "+1 418 555 0144" });
  });

  test.each<[string, string[]]>([
    ["zoe", ["Zoé Lefèvre-Côté"]],
    ["ZOÉ LEF", ["Zoé Lefèvre-Côté"]],
    ["cote", ["Zoé Lefèvre-Côté"]],
    ["oé", []],
    ["precis 2000", ["Zoé Lefèvre-Côté"]],
    ["shop@precis.example", ["Zoé Lefèvre-Côté"]],
    ["zoe_l+shop@precis.example", ["Zoé Lefèvre-Côté"]],
    ["4185550144", ["Zacharie Noël"]],
    ["555 0144", ["Zacharie Noël"]],
    ["(418) 555-01", ["Zacharie Noël"]],
    ["noel 0144", ["Zacharie Noël"]],
    ["+1 418", ["Zacharie Noël"]],
    ["+33 (0)6 12 34 56 78", ["Zacharie Noël"]],
    ["00 33 6 12 34 56 78", ["Zacharie Noël"]],
    // A number of theirs that is no longer the main one.
    ["418-555-0199", ["Zacharie Noël"]],
    ["zoe zacharie", []],
    ["%", []],
    ["'; DROP TABLE customers; --", []],
    ["55", []],
  ])("%s", async (q, names) => {
    expect(await found(q)).toEqual(names);
  });

  test("changed names and companies are found anew, and no longer as they were", async () => {
    const { id } = await on.create({ name: "Yvon Xylo", company: "Quincaillerie" });
    await on.change(id, { name: "Yvon Wagner" });
    expect(await found("wagner quinc")).toEqual(["Yvon Wagner"]);
    expect(await found("xylo")).toEqual([]);
    await on.change(id, { company: null });
    expect(await found("quincaillerie")).toEqual([]);
  });

  test("pages hold everybody once, newest first, with a Link", async () => {
    const seen: number[] = [];
    let query = "?limit=3";
    for (;;) {
      const response = await on.page(query);
      const page = (await response.json()) as { customers: { id: number }[]; next_cursor: string | null };
      seen.push(...page.customers.map(({ id }) => id));
      if (!page.next_cursor) break;
      expect(response.headers.get("link")).toContain(`cursor=${page.next_cursor}`);
      query = `?limit=3&cursor=${page.next_cursor}`;
    }
    const all = await queryAll<{ id: number }>("SELECT id FROM customers WHERE archived_at IS NULL ORDER BY id DESC");
    expect(seen).toEqual(all.map(({ id }) => id));
  });

  test.each(["?cursor=x", "?cursor=WzAuNV0", "?cursor=WyJhIl0", "?cursor=W10"])("%s is 400", async (query) => {
    await expectProblem(await on.page(query), 400, "invalid_cursor");
  });

  test.each(["?limit=0", "?limit=101", "?limit=-1", "?archived=maybe", "?q="])("%s is 400", async (query) => {
    await expectProblem(await on.page(query), 400, "validation_failed");
  });

  test("a list or search reads a page, however many customers there are", async () => {
    await execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                   INSERT INTO customers (name, name_words, phone, created_at, updated_at)
                   SELECT 'Bulk ' || i, ' bulk ' || i, '+1999' || printf('%07d', i), '2026-01-01', '2026-01-01' FROM n`);
    const cursor = encodeCursor("customers", [5000]);
    for (const query of [
      "",
      `?cursor=${cursor}`,
      "?archived=true",
      "?q=bulk",
      `?q=bulk&cursor=${cursor}`,
      "?q=4185550144",
      "?q=nobody",
    ]) {
      statements.length = 0;
      await on.list(query);
      const [page] = statements.filter(({ sql }) => sql.includes("WITH"));
      const { meta } = await env.DB.prepare(page?.sql ?? "")
        .bind(...(page?.params ?? []))
        .all();
      expect(meta.rows_read, query).toBeLessThan(1200);
    }
    expect(await found("zacharie")).toEqual(["Zacharie Noël"]);
    await execute("DELETE FROM customers WHERE name LIKE 'Bulk %'");
  });
});

test("removing and erasing read no table through, however many tickets and requests there were", async () => {
  const admin = await person("admin");
  const { id } = await on.create();
  statements.length = 0;
  await customersOf(app, () => admin).remove(`${id}?erase=true`);
  await on.remove(id);
  const plans = await Promise.all(
    statements.map(async (statement) => ({ ...statement, plan: await planOf(statement) })),
  );
  expect(plans.filter(({ sql }) => sql.includes("idempotency_keys"))).toHaveLength(7);
  expect(plans.filter(({ sql }) => sql.includes("tickets")).length).toBeGreaterThan(5);
  for (const { sql, plan } of plans)
    expect(
      plan.filter((step) => /^SCAN (?!users|CONSTANT)/.test(step)),
      sql,
    ).toEqual([]);
});

describe("with an Idempotency-Key", () => {
  const key = (value: string) => ({ "idempotency-key": value });

  test("50 twins make one customer", async () => {
    const before = await rowCounts();
    const body = { name: "Twin", phone: "514 555 0101", email: "twin@shop.example" };
    const answers = await Promise.all(Array.from({ length: 50 }, () => on.post(body, key("twins"))));
    const replayed = answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true");
    expect(replayed).toHaveLength(49);
    const customers = await Promise.all(answers.map((answer) => customerOf(answer, 201)));
    expect(new Set(customers.map(({ id }) => id)).size).toBe(1);
    for (const answer of answers) expect(answer.headers.get("location")).toBe(`/api/customers/${customers[0]?.id}`);
    expect(await rowCounts()).toEqual({
      ...before,
      customers: (before.customers ?? 0) + 1,
      contact_methods: (before.contact_methods ?? 0) + 3,
      contact_preferences: (before.contact_preferences ?? 0) + 1,
      idempotency_keys: (before.idempotency_keys ?? 0) + 1,
    });
    const other = send(supervisor, { ...body, name: "Other" }, key("twins"));
    await expectRefusal(app, "/api/customers", other, 422, "idempotency_key_reused");
    const bad = send(supervisor, body, key("a b"));
    await expectRefusal(app, "/api/customers", bad, 400, "invalid_idempotency_key");
  });

  test("10 twins note one contact, with its ticket", async () => {
    const { id } = await on.create();
    const machine_id = await machine("CNC");
    const ticket = await createdTicket(await postTicket(app, supervisor, { title: "Alarm", machine_id }));
    const body = { ticket: ticket.ticket_id, channel: "in_person", direction: "inbound", summary: "Came by" };
    const answers = await Promise.all(Array.from({ length: 10 }, () => on.note(id, body, key("note"))));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(texts).size).toBe(1);
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(201));
    const { contact_history } = (await (await on.get(`${id}/contact-history`)).json()) as {
      contact_history: unknown[];
    };
    expect(contact_history).toEqual([(JSON.parse(texts[0] ?? "") as { entry: unknown }).entry]);
    expect(contact_history).toMatchObject([
      { ticket_id: ticket.id, user_id: supervisor.id, channel: "in_person", summary: "Came by", value: null },
    ]);
    const path = `/api/customers/${id}/contact-history`;
    const unknown = send(supervisor, { ...body, ticket: "CNC-1126-9999" });
    await expectRefusal(app, path, unknown, 404, "ticket_not_found");
  });
});
