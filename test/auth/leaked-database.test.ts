import { beforeAll, expect, test } from "vitest";
import { bindings, execute, machine, PASSWORD, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { makeApiKey, registerDevice, signIn } from "../users/api.ts";
import { bearer, headers } from "./credentials.ts";

// A queue that delivers nothing: the hosts of webhooks and devices do not exist.
const app = startApp({}, bindings({ DELIVERIES: { send: async () => {}, sendBatch: async () => {} } }));
let admin: Person;
let token: string;
let key: Record<string, string>;

async function accepted(path: string, body: unknown, method = "POST"): Promise<void> {
  const init = send(admin, body, { "idempotency-key": crypto.randomUUID() }, method);
  expect((await app.request(path, init)).status).toBeLessThan(300);
}

// A shop at work: whatever may be written about sessions, keys, devices, webhooks and e-mails is there.
beforeAll(async () => {
  admin = await person("admin");
  const machine_id = await machine("CNC");
  const response = await signIn(app, admin.email);
  token = ((await response.json()) as { token: string }).token;
  await signIn(app, admin.email, "wrong horse battery");
  // With an idempotency key, so that whatever is kept for a replay is there as well.
  key = await makeApiKey(app, admin, admin, { "idempotency-key": "make-key" });
  await app.request("/api/me", headers(key));
  await registerDevice(app, admin);
  await accepted("/api/webhooks", { url: "https://hooks.example.com/a", events: ["ticket.created"] });
  await accepted("/api/webhooks/1/rotate-secret", {});
  await accepted("/api/customers", { name: "Jeanne Roy", email: "jeanne@atelier.example" });
  await accepted("/api/tickets", { title: "Spindle vibrates", machine_id, assigned_to: admin.id, customer_id: 1 });
  const mail = { recipients: [{ email: "jeanne@atelier.example" }], subject: "Repaired", body: "Hello" };
  await accepted("/api/tickets/1/emails", mail);
  await accepted("/api/users", { name: "New", email: "new@shop.example", role: "admin", password: PASSWORD });
  await accepted("/api/me", { name: "Anna Admin" }, "PATCH");
});

/** Every text in the database, whole and in the pieces that could be a credential. */
async function everyText(): Promise<Map<string, Set<string>>> {
  const tables = await queryAll<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  );
  const found = new Map<string, Set<string>>();
  for (const { name } of tables) {
    const values = (await queryAll<Record<string, unknown>>(`SELECT * FROM "${name}"`)).flatMap(Object.values);
    const texts = values.filter((value) => typeof value === "string").filter((text) => /^[\x20-\x7e]*$/.test(text));
    found.set(name, new Set(texts.flatMap((text) => [text, ...(text.match(/[\w.%+/=-]{16,}/g) ?? [])])));
  }
  return found;
}

test("no text of a copy of the database opens a session, as a bearer token, cookie or API key", async () => {
  const found = await everyText();
  for (const table of [
    "sessions",
    "api_keys",
    "accounts",
    "push_subscriptions",
    "webhook_endpoints",
    "email_history",
  ]) {
    expect(found.get(table)?.size, table).toBeGreaterThan(0);
  }
  // What does open one is in none of them.
  expect((await app.request("/api/me", headers(bearer(token)))).status).toBe(200);
  expect((await app.request("/api/me", headers(key))).status).toBe(200);
  const texts = new Set([...found.values()].flatMap((ofTable) => [...ofTable]));
  for (const secret of [token, encodeURIComponent(token), key["x-api-key"] ?? "", PASSWORD]) {
    expect([...texts].filter((text) => text.includes(secret))).toEqual([]);
  }
  for (const text of texts) {
    const credentials: Record<string, string>[] = [
      bearer(text),
      { cookie: `shopfloor.session_token=${text}` },
      { cookie: `shopfloor.session_token=${encodeURIComponent(text)}` },
      { "x-api-key": text },
    ];
    for (const credential of text.trim() === "" ? [] : credentials) {
      const response = await app.request("/api/me", headers(credential));
      expect([text, response.status]).toEqual([text, 401]);
    }
  }
});

test("a session written into the database is opened by no one who cannot sign", async () => {
  await execute(
    `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
     VALUES (${admin.id}, 'chosen', '2099-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`,
  );
  for (const forged of ["chosen", "chosen.", `chosen.${token.split(".")[1]}`]) {
    await expectProblem(await app.request("/api/me", headers(bearer(forged))), 401, "unauthorized");
  }
});
