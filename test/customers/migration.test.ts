import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Person, person, startApp } from "../helpers.ts";
import { customersOf, disagreements } from "./api.ts";

// A shop whose database stops before 0009 and holds customers that somebody put in by hand.

const NUMBER = "0009_customers.sql";
const AT = "2025-03-01T09:00:00.000Z";
const before = env.MIGRATIONS.filter(({ name }) => name < NUMBER);
const upTo = env.MIGRATIONS.filter(({ name }) => name <= NUMBER);

const rows = async <Row>(sql: string) => (await env.EMPTY_DB.prepare(sql).all<Row>()).results;

async function counts(): Promise<Record<string, number>> {
  const tables = await rows<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  );
  const found: Record<string, number> = {};
  for (const { name } of tables)
    found[name] = (await rows<{ n: number }>(`SELECT COUNT(*) AS n FROM ${name}`))[0]?.n ?? 0;
  return found;
}

const customer = (id: number, values: Record<string, string | null>) => {
  const all = { name: "N", created_at: AT, updated_at: AT, ...values };
  return env.EMPTY_DB.prepare(
    `INSERT INTO customers (id, ${Object.keys(all).join(", ")}) VALUES (${id}, ${Object.keys(all)
      .map(() => "?")
      .join(", ")})`,
  ).bind(...Object.values(all));
};

let counted: Record<string, number>;

beforeAll(async () => {
  await applyD1Migrations(env.EMPTY_DB, before);
  await env.EMPTY_DB.batch([
    customer(1, {
      name: "Élodie L'Écuyer-Roy",
      company: "Forge & Cie. (Québec)",
      email: "Elodie.Roy@Forge.example",
      phone: "+15145550123",
      whatsapp: "+15145550123",
    }),
    customer(2, { phone: "(514) 555-0124", whatsapp: "514.555.0124" }),
    customer(3, { phone: "", whatsapp: "  ", email: "" }),
    customer(4, { phone: "12", whatsapp: "x".repeat(300), email: "@" }),
    customer(5, {}),
    customer(6, { name: "Old", phone: "+15145550126", archived_at: AT }),
    env.EMPTY_DB.prepare(
      "INSERT INTO users (name, email, role, created_at, updated_at) VALUES ('T', 't@shop.example', 'operator', ?1, ?1)",
    ).bind(AT),
    env.EMPTY_DB.prepare(
      "INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('CNC', 'CNC', ?1, ?1)",
    ).bind(AT),
    env.EMPTY_DB.prepare(
      `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
       VALUES (1, 'Haas VF-2', 'q123456789012345678901', ?1, ?1)`,
    ).bind(AT),
    ...[1, 2, 3].map((n) =>
      env.EMPTY_DB.prepare(
        `INSERT INTO tickets (ticket_id, title, machine_id, machine_type_id, customer_id, reported_by, reporter_name,
                              reported_at, created_at, updated_at)
         VALUES ('CNC-0325-000${n}', 'Alarm', 1, 1, ${n === 3 ? "NULL" : n}, 1, 'T', ?1, ?1, ?1)`,
      ).bind(AT),
    ),
    env.EMPTY_DB.prepare(
      "INSERT INTO ticket_timeline (ticket_id, user_id, user_name, action, created_at) VALUES (1, 1, 'T', 'created', ?1)",
    ).bind(AT),
  ]);
  counted = await counts();
  await applyD1Migrations(env.EMPTY_DB, upTo);
});

test("no other table gains or loses a row", async () => {
  const { contact_methods, contact_preferences, contact_history, d1_migrations, ...others } = await counts();
  const { d1_migrations: applied = 0, ...rest } = counted;
  expect(others).toEqual(rest);
  expect(d1_migrations).toBe(applied + 1);
  expect({ contact_methods, contact_preferences, contact_history }).toEqual({
    contact_methods: 6,
    contact_preferences: 6,
    contact_history: 0,
  });
  expect(await rows("PRAGMA foreign_key_check")).toEqual([]);
  expect(await rows("SELECT id, customer_id FROM tickets")).toEqual([
    { id: 1, customer_id: 1 },
    { id: 2, customer_id: 2 },
    { id: 3, customer_id: null },
  ]);
});

test("every number and address that can be one becomes the primary method, in the spelling it had", async () => {
  const methods = await rows<{ text: string }>(
    "SELECT customer_id || ' ' || kind || ' ' || value || ' ' || is_primary AS text FROM contact_methods ORDER BY text",
  );
  expect(methods.map(({ text }) => text)).toEqual([
    "1 email elodie.roy@forge.example 1",
    "1 phone +15145550123 1",
    "1 whatsapp +15145550123 1",
    "2 phone (514) 555-0124 1",
    "2 whatsapp 514.555.0124 1",
    "6 phone +15145550126 1",
  ]);
});

test("blank numbers and addresses are none, and versions stay", async () => {
  expect(await rows("SELECT phone, whatsapp, email, version, updated_at FROM customers WHERE id = 3")).toEqual([
    { phone: null, whatsapp: null, email: null, version: 1, updated_at: AT },
  ]);
});

test("they are found and saved by the application like any other", async () => {
  await applyD1Migrations(env.EMPTY_DB, env.MIGRATIONS);
  const supervisor = await adopt(await person("supervisor"));
  const app = startApp({}, { ...env, DB: env.EMPTY_DB });
  const on = customersOf(app, () => supervisor);
  for (const q of ["elodie", "ecuyer roy", "forge cie", "quebec", "elodie.roy@forge.example", "0123"]) {
    expect((await on.list(`?q=${q}`)).customers.map(({ id }) => id)).toEqual([1]);
  }
  expect((await on.list("?q=0124")).customers.map(({ id }) => id)).toEqual([2]);
  expect((await on.list("")).customers.map(({ id }) => id)).toEqual([5, 4, 3, 2, 1]);
  for (const id of [1, 2, 3, 4, 5, 6]) {
    expect((await on.patch(id, { notes: "Still there" })).status).toBe(200);
    expect((await on.patch(id, { phone: "514 555 0199", email: `p${id}@shop.example` })).status).toBe(200);
  }
  // What can be no contact method stays in its row until somebody replaces it.
  expect(await disagreements(env.EMPTY_DB)).toEqual([
    { id: 4, kind: "whatsapp", value: "x".repeat(300), primaries: null },
  ]);
  expect(await on.reached(2)).toEqual([
    "email p2@shop.example *",
    "phone (514) 555-0124",
    "phone +15145550199 *",
    "whatsapp 514.555.0124 *",
  ]);
  // The company is found although only the name was changed since.
  await on.change(1, { name: "Renamed" });
  expect((await on.list("?q=forge renamed")).customers.map(({ id }) => id)).toEqual([1]);
});

/** Brings a person of the tests' own database, with their session, into the other one. */
async function adopt(known: Person): Promise<Person> {
  const copied: D1PreparedStatement[] = [];
  for (const [table, column] of [
    ["users", "id"],
    ["sessions", "user_id"],
  ] as const) {
    const row = await env.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(known.id).first();
    const names = Object.keys(row ?? {});
    copied.push(
      env.EMPTY_DB.prepare(
        `INSERT OR REPLACE INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
      ).bind(...Object.values(row ?? {})),
    );
  }
  await env.EMPTY_DB.batch(copied);
  return known;
}
