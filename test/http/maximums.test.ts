import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { API_KEYS_MAX } from "../../src/api-keys/api-keys.ts";
import { ATTACHMENTS_MAX } from "../../src/attachments/attach.ts";
import { CONTACT_METHODS_MAX } from "../../src/customers/contacts.ts";
import { TRIES_SHOWN } from "../../src/deliveries/schemas.ts";
import { MACHINE_TYPES_MAX } from "../../src/machines/types.ts";
import { ERRORS_MAX } from "../../src/problem.ts";
import { DEVICES_PER_USER } from "../../src/push/schemas.ts";
import { WEBHOOKS_MAX } from "../../src/webhooks/endpoints.ts";
import { fileRequest } from "../attachments/api.ts";
import { ALLOWED } from "../attachments/files.ts";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";

const AT = "2026-11-20T15:00:00.000Z";
const app = startApp();
let admin: Person;
let ticket: { id: number };
let customer: number;

beforeAll(async () => {
  admin = await person("admin");
  ticket = await createdTicket(await postTicket(app, admin, { title: "Noise", machine_id: await machine() }));
  const response = await app.request("/api/customers", send(admin, { name: "Jeanne Roy" }));
  customer = ((await response.json()) as { customer: { id: number } }).customer.id;
});

interface Case {
  what: string;
  maximum: number;
  table: string;
  path: () => string;
  /** The list of the answer, in which there may be more from before there was a maximum. */
  list: string;
  /** SQL that adds rows numbered from ?1 to ?2. */
  fill: () => string;
  /** A request that adds the one of this number. */
  add: (number: number, headers?: Record<string, string>) => RequestInit;
}

const letters = (number: number) =>
  [...String(number).padStart(4, "0")].map((digit) => String.fromCharCode(65 + Number(digit))).join("");
const NUMBERS = "WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";
const LETTERS = [0, 1, 2, 3].map((at) => `char(65 + CAST(substr(printf('%04d', i), ${at + 1}, 1) AS INTEGER))`);

const CASES: Case[] = [
  {
    what: "attachments of a ticket",
    maximum: ATTACHMENTS_MAX,
    table: "attachments",
    path: () => `/api/tickets/${ticket.id}/attachments`,
    list: "attachments",
    fill: () => `${NUMBERS} INSERT INTO attachments
      (ticket_id, user_id, file_name, content_type, size_bytes, sha256, object_key, created_at)
      SELECT ${ticket.id}, ${admin.id}, 'a.png', 'image/png', 1, printf('%064d', i), 'filled/' || i, '${AT}' FROM n`,
    add: (number, headers) => fileRequest(admin, ALLOWED.png, `${number}.png`, headers),
  },
  {
    what: "contact methods of a customer",
    maximum: CONTACT_METHODS_MAX,
    table: "contact_methods",
    path: () => `/api/customers/${customer}/contact-methods`,
    list: "contact_methods",
    fill: () => `${NUMBERS} INSERT INTO contact_methods (customer_id, kind, value, created_at, updated_at)
      SELECT ${customer}, 'email', printf('filled.%d@shop.example', i), '${AT}', '${AT}' FROM n`,
    add: (number, headers) => send(admin, { kind: "email", value: `added.${number}@shop.example` }, headers),
  },
  {
    what: "webhook endpoints",
    maximum: WEBHOOKS_MAX,
    table: "webhook_endpoints",
    path: () => "/api/webhooks",
    list: "webhooks",
    fill: () => `${NUMBERS} INSERT INTO webhook_endpoints (url, events, secret, created_at, updated_at)
      SELECT 'https://filled.example/' || i, '["ticket.created"]', 'whsec_AAAA', '${AT}', '${AT}' FROM n`,
    add: (number, headers) =>
      send(admin, { url: `https://added.example/${number}`, events: ["ticket.created"] }, headers),
  },
  {
    what: "API keys of a person",
    maximum: API_KEYS_MAX,
    table: "api_keys",
    path: () => "/api/api-keys",
    list: "api_keys",
    fill: () => `${NUMBERS} INSERT INTO api_keys (key, user_id, created_at, updated_at)
      SELECT 'filled' || i, ${admin.id}, '${AT}', '${AT}' FROM n`,
    add: (number, headers) => send(admin, { name: `Key ${number}`, user_id: admin.id }, headers),
  },
  {
    what: "machine types",
    maximum: MACHINE_TYPES_MAX,
    table: "machine_types",
    path: () => "/api/machine-types",
    list: "machine_types",
    fill: () => `${NUMBERS} INSERT INTO machine_types (code, name, created_at, updated_at)
      SELECT 'F' || ${LETTERS.join(" || ")}, 'Filled', '${AT}', '${AT}' FROM n`,
    add: (number, headers) => send(admin, { code: `A${letters(number)}`, name: "Added" }, headers),
  },
];

describe.each(CASES)("$what", ({ maximum, table, path, list, fill, add }) => {
  const rows = async () => (await queryAll<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))[0]?.n ?? 0;
  const fillTo = async (count: number) => {
    const from = (await rows()) + 1;
    if (from <= count) await env.DB.prepare(fill()).bind(from, count).run();
    expect(await rows()).toBe(count);
  };
  const objects = async () => (await env.ATTACHMENTS.list()).objects.length;

  beforeEach(async () => {
    await execute("DELETE FROM attachments", "DELETE FROM contact_methods", "DELETE FROM webhook_endpoints");
    await execute(
      "DELETE FROM api_keys",
      "DELETE FROM machine_types WHERE id NOT IN (SELECT machine_type_id FROM machines)",
    );
  });

  test("are taken up to the maximum, and not beyond; a repeat of the last one is answered", async () => {
    await fillTo(maximum - 1);
    const last = await app.request(path(), add(1, { "idempotency-key": `last-${table}` }));
    expect(last.status).toBe(201);
    const stored = await objects();
    const problem = await expectRefusal(app, path(), add(2), 422, "too_many");
    expect(problem).toMatchObject({ maximum, detail: expect.stringContaining(String(maximum)) });
    const french = await app.request(path(), add(2, { "accept-language": "fr" }));
    expect((await expectProblem(french, 422, "too_many")).detail).toMatch(/^Il peut y en avoir \d+ au plus/);
    const repeated = await app.request(path(), add(1, { "idempotency-key": `last-${table}` }));
    expect([repeated.status, repeated.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(await rows()).toBe(maximum);
    expect(await objects()).toBe(stored);
  });

  test("stay within it when twenty are added at once", async () => {
    await fillTo(maximum - 3);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, number) => app.request(path(), add(number))));
    expect(Map.groupBy(answers, ({ status }) => status).get(201)).toHaveLength(3);
    for (const answer of answers.filter(({ status }) => status !== 201)) await expectProblem(answer, 422, "too_many");
    expect(await rows()).toBe(maximum);
  });

  test("that are more from before are all shown, page by page, and no further one is taken", async () => {
    await fillTo(maximum + 130);
    await expectRefusal(app, path(), add(1), 422, "too_many");
    const seen = new Set<number>();
    let cursor: string | null = "";
    while (cursor !== null) {
      const response: Response = await app.request(`${path()}?limit=100${cursor && `&cursor=${cursor}`}`, send(admin));
      expect(response.status).toBe(200);
      const page = (await response.json()) as Record<string, { id: number }[]> & { next_cursor: string | null };
      const entries = page[list] ?? [];
      expect(entries.length).toBeLessThanOrEqual(100);
      expect(response.headers.get("link") !== null).toBe(page.next_cursor !== null);
      for (const { id } of entries) {
        expect(seen.has(id)).toBe(false);
        seen.add(id);
      }
      cursor = page.next_cursor;
    }
    expect(seen.size).toBe(maximum + 130);
  });
});

describe("a contact method", () => {
  test("that is there already is found when there may be no more", async () => {
    const path = `/api/customers/${customer}/contact-methods`;
    const known = { kind: "email", value: "known@shop.example" };
    expect((await app.request(path, send(admin, known))).status).toBe(201);
    await env.DB.prepare(CASES[1]?.fill() ?? "")
      .bind(2, CONTACT_METHODS_MAX)
      .run();
    expect((await app.request(path, send(admin, known))).status).toBe(200);
    expect((await app.request(path, send(admin, { ...known, is_primary: true }))).status).toBe(200);
    await expectRefusal(app, path, send(admin, { ...known, value: "new@shop.example" }), 422, "too_many");
  });

  test("of the customer's own row is never refused", async () => {
    for (const email of ["first@shop.example", "second@shop.example"]) {
      const response = await app.request(`/api/customers/${customer}`, send(admin, { email }, {}, "PATCH"));
      expect(response.status).toBe(200);
    }
    const values = await queryAll<{ value: string }>("SELECT value FROM contact_methods WHERE is_primary = 1");
    expect(values).toEqual([{ value: "second@shop.example" }]);
  });
});

test("of devices from before there was a maximum the ten last used are shown", async () => {
  await execute(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
     INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, device_name, created_at, last_used_at)
     SELECT ${admin.id}, 'https://fcm.googleapis.com/fcm/send/' || i, 'p', 'a', 'Phone ' || i, '${AT}',
            printf('2026-11-%02dT00:00:00.000Z', i) FROM n`,
  );
  const response = await app.request("/api/push/subscriptions", send(admin));
  const { subscriptions } = (await response.json()) as { subscriptions: { device_name: string }[] };
  const newest = Array.from({ length: DEVICES_PER_USER }, (_, index) => `Phone ${30 - index}`);
  expect(subscriptions.map(({ device_name }) => device_name)).toEqual(newest);
});

test("a delivery is shown with its newest tries", async () => {
  await execute(
    `INSERT INTO deliveries (id, channel, target, subject, event_type, payload, next_attempt_at, created_at, updated_at)
     VALUES (77, 'webhook', 'webhook:1', 'ticket:1', 'ticket.created', '{}', '${AT}', '${AT}', '${AT}')`,
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
     INSERT INTO delivery_attempts (delivery_id, id, generation, attempt, started_at, duration_ms, response)
     SELECT 77, i, 1, i, '${AT}', 5, printf('%.2000c', 'x') FROM n`,
  );
  const response = await app.request("/api/deliveries/77", send(admin));
  const { delivery } = (await response.json()) as { delivery: { tries: { attempt: number }[] } };
  const newest = Array.from({ length: TRIES_SHOWN }, (_, index) => 500 - TRIES_SHOWN + 1 + index);
  expect(delivery.tries.map(({ attempt }) => attempt)).toEqual(newest);
});

test("an export of a person comes in pages that hold everything once", async () => {
  const many = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  await execute(
    `${many(130)} INSERT INTO contact_history (customer_id, channel, direction, summary, created_at)
     SELECT ${customer}, 'phone', 'inbound', 'Call ' || i, '${AT}' FROM n`,
    `${many(230)} INSERT INTO tickets (ticket_id, title, machine_id, customer_id, reported_by, reporter_name, reported_at,
       created_at, updated_at)
     SELECT printf('EXP-1126-%04d', i), 'Noise', (SELECT MIN(id) FROM machines), ${customer}, ${admin.id}, 'A', '${AT}',
       '${AT}', '${AT}' FROM n`,
    `INSERT INTO email_messages (tracking_id, ticket_id, user_id, template, subject, body, origin, created_at)
     SELECT printf('%036d', id), id, ${admin.id}, 'message', 'Hello', 'Text', 'https://shop.example', '${AT}' FROM tickets
     WHERE customer_id = ${customer}`,
    `INSERT INTO email_history (tracking_id, token, recipient, customer_id, language, status, created_at)
     SELECT tracking_id, printf('%022d', id), 'jeanne@shop.example', ${customer}, 'fr', 'queued', '${AT}'
     FROM email_messages`,
  );
  const seen: Record<string, unknown[]> = {};
  let pages = 0;
  for (let cursor: string | null = ""; cursor !== null; pages++) {
    const response: Response = await app.request(
      `/api/customers/${customer}/export?limit=100${cursor && `&cursor=${cursor}`}`,
      send(admin),
    );
    expect(response.status).toBe(200);
    const page = (await response.json()) as Record<string, unknown> & { next_cursor: string | null };
    expect(page.customer).toMatchObject({ id: customer });
    for (const [name, entries] of Object.entries(page).filter(([, member]) => Array.isArray(member))) {
      expect((entries as unknown[]).length).toBeLessThanOrEqual(100);
      seen[name] = [...(seen[name] ?? []), ...(entries as unknown[])];
    }
    cursor = page.next_cursor;
  }
  expect(pages).toBe(3);
  const held = Object.fromEntries(Object.entries(seen).map(([name, entries]) => [name, entries.length]));
  const methods = await queryAll("SELECT id FROM contact_methods WHERE customer_id = ?", customer);
  expect(held).toEqual({ contact_methods: methods.length, contact_history: 130, emails: 230, tickets: 230 });
  for (const entries of Object.values(seen)) {
    expect(new Set(entries.map((entry) => JSON.stringify(entry))).size).toBe(entries.length);
  }
});

test("a body with thousands of faults is answered with the first hundred", async () => {
  const ids = Array.from({ length: 9000 }, () => "x");
  const response = await app.request("/api/sync/customers", send(admin, { ids }));
  const text = await response.clone().text();
  const problem = await expectProblem(response, 400, "validation_failed");
  expect(problem.errors).toHaveLength(ERRORS_MAX);
  expect(text.length).toBeLessThan(20_000);
});
