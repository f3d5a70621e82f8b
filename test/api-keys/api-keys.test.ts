import { beforeAll, describe, expect, test } from "vitest";
import { ApiKeyListOutput, CreatedApiKeyOutput } from "../../src/api-keys/schemas.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { headers } from "../auth/credentials.ts";
import { execute, machine, PASSWORD, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket } from "../tickets/api.ts";

const app = startApp();
const people = {} as Record<Role, Person>;
let machine_id: number;

beforeAll(async () => {
  for (const role of ["operator", "technician", "supervisor", "admin"] as const) people[role] = await person(role);
  machine_id = await machine("CNC");
});

async function makeKey(user_id: number, fields: Record<string, unknown> = {}) {
  const response = await app.request("/api/api-keys", send(people.admin, { name: "ERP import", user_id, ...fields }));
  expect(response.status).toBe(201);
  return CreatedApiKeyOutput.parse(await response.json()).api_key;
}

const withKey = (key: string) => headers({ "x-api-key": key });
const createWith = (key: string, fields: Record<string, unknown> = {}, extra: Record<string, string> = {}) =>
  send(null, { title: "From the ERP", machine_id, ...fields }, { "x-api-key": key, ...extra });

test("an admin makes a key, and it acts as its user", async () => {
  const made = await makeKey(people.operator.id);
  expect(made).toEqual({
    id: expect.any(Number),
    name: "ERP import",
    start: made.key.slice(0, made.start?.length),
    user_id: people.operator.id,
    expires_at: null,
    last_request: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    key: expect.stringMatching(/^sft_[A-Za-z]{40,}$/),
  });
  const me = await app.request("/api/me", withKey(made.key));
  expect(await me.json()).toMatchObject({ user: { id: people.operator.id, role: "operator" } });
  const ticket = await createdTicket(await app.request("/api/tickets", createWith(made.key)));
  expect(ticket).toMatchObject({ reported_by: people.operator.id, reporter_name: "operator 1" });
});

test("a key has its user's role, not its maker's", async () => {
  const { key } = await makeKey(people.operator.id);
  await expectRefusal(app, "/api/api-keys", withKey(key), 403, "forbidden");
  await expectRefusal(app, "/api/machines", send(null, {}, { "x-api-key": key }), 403, "forbidden");
  const assigning = createWith(key, { assigned_to: people.technician.id });
  await expectRefusal(app, "/api/tickets", assigning, 403, "forbidden_field");
  const supervisor = await makeKey(people.supervisor.id);
  await createdTicket(
    await app.request("/api/tickets", createWith(supervisor.key, { assigned_to: people.technician.id })),
  );
});

// What is in people's hands only (contract section 2): each route with a body that an administrator's session may send.
const PERSON_ONLY: [method: string, path: (id: number) => string, body?: (id: number) => unknown][] = [
  ["POST", () => "/api/api-keys", (user_id) => ({ name: "Second key", user_id })],
  ["DELETE", () => "/api/api-keys/1"],
  [
    "POST",
    () => "/api/users",
    () => ({ name: "N", email: "n@shop.example", role: "admin", password: "a good long one" }),
  ],
  ["PATCH", (id) => `/api/users/${id}`, () => ({ password: "a good long one" })],
  ["PATCH", (id) => `/api/users/${id}`, () => ({ role: "admin" })],
  ["PATCH", (id) => `/api/users/${id}`, () => ({ active: false })],
  ["PATCH", () => "/api/me", () => ({ current_password: PASSWORD, password: "a good long one" })],
];

test.each(PERSON_ONLY)("%s %s %s is refused to a key, even to an administrator's", async (method, path, body) => {
  const { key } = await makeKey(people.admin.id);
  const init = send(null, body?.(people.operator.id), { "x-api-key": key }, method);
  await expectRefusal(app, path(people.operator.id), init, 403, "person_required");
  expect(await queryAll("SELECT role, active FROM users WHERE id = ?", people.operator.id)).toEqual([
    { role: "operator", active: 1 },
  ]);
  const french = { ...init, headers: { ...init.headers, "accept-language": "fr" } };
  const answer = (await (await app.request(path(people.operator.id), french)).json()) as { title: string };
  expect(answer.title).toBe("Pas avec une clé d'API");
});

test("a key may still read accounts and keys, as far as its user's role goes", async () => {
  const { key } = await makeKey(people.admin.id);
  for (const path of ["/api/users", "/api/api-keys"]) expect((await app.request(path, withKey(key))).status).toBe(200);
});

test("a key follows its user's role at once", async () => {
  const changing = await person("supervisor");
  const { key } = await makeKey(changing.id);
  await execute(`UPDATE users SET role = 'operator' WHERE id = ${changing.id}`);
  const init = createWith(key, { assigned_to: people.technician.id });
  await expectRefusal(app, "/api/tickets", init, 403, "forbidden_field");
});

test("idempotency keys of an API key are its user's", async () => {
  const { key } = await makeKey(people.operator.id);
  const idempotency = { "idempotency-key": "erp-1" };
  const first = await createdTicket(await app.request("/api/tickets", createWith(key, {}, idempotency)));
  const again = await app.request("/api/tickets", createWith(key, {}, idempotency));
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect((await createdTicket(again)).id).toBe(first.id);
});

test("a key works from any origin", async () => {
  const { key } = await makeKey(people.operator.id);
  await createdTicket(await app.request("/api/tickets", createWith(key, {}, { origin: "https://erp.example" })));
});

test("the key is shown once and stored as a hash only", async () => {
  const { key } = await makeKey(people.operator.id);
  expect(JSON.stringify(await queryAll("SELECT * FROM api_keys"))).not.toContain(key);
  const list = await app.request("/api/api-keys", send(people.admin));
  const text = await list.text();
  expect(text).not.toContain(key);
  for (const shown of ApiKeyListOutput.parse(JSON.parse(text)).api_keys) expect(shown).not.toHaveProperty("key");
});

describe("a key is refused", () => {
  const refused = async (key: string) => {
    await expectRefusal(app, "/api/me", withKey(key), 401, "unauthorized");
    await expectRefusal(app, "/api/tickets", createWith(key), 401, "unauthorized");
  };

  test("when it is unknown, empty of sense or changed", async () => {
    const { key } = await makeKey(people.operator.id);
    for (const wrong of [`sft_${"x".repeat(64)}`, `${key}x`, key.slice(0, -1), key.toLowerCase(), "%", "' OR 1=1 --"]) {
      await refused(wrong);
    }
  });

  test("when it comes as a bearer token", async () => {
    const { key } = await makeKey(people.operator.id);
    await expectRefusal(app, "/api/me", headers({ authorization: `Bearer ${key}` }), 401, "unauthorized");
  });

  test("once it was deleted", async () => {
    const { id, key } = await makeKey(people.operator.id);
    expect((await app.request("/api/me", withKey(key))).status).toBe(200);
    const response = await app.request(`/api/api-keys/${id}`, send(people.admin, undefined, {}, "DELETE"));
    expect([response.status, await response.text()]).toEqual([204, ""]);
    await refused(key);
    const again = send(people.admin, undefined, {}, "DELETE");
    await expectRefusal(app, `/api/api-keys/${id}`, again, 404, "api_key_not_found");
  });

  test("once its user was deactivated", async () => {
    const leaver = await person("technician");
    const { key } = await makeKey(leaver.id);
    expect((await app.request("/api/me", withKey(key))).status).toBe(200);
    await execute(`UPDATE users SET active = 0 WHERE id = ${leaver.id}`);
    await refused(key);
  });

  test("once it was disabled", async () => {
    const { id, key } = await makeKey(people.operator.id);
    await execute(`UPDATE api_keys SET enabled = 0 WHERE id = ${id}`);
    await refused(key);
  });

  test("once it has expired", async () => {
    const { id, key, expires_at } = await makeKey(people.operator.id, { expires_in_days: 30 });
    const days = (Date.parse(expires_at ?? "") - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThanOrEqual(30);
    expect((await app.request("/api/me", withKey(key))).status).toBe(200);
    await execute(`UPDATE api_keys SET expires_at = '2020-01-01T00:00:00.000Z' WHERE id = ${id}`);
    expect((await app.request("/api/me", withKey(key))).status).toBe(401);
    expect((await app.request("/api/tickets", createWith(key))).status).toBe(401);
  });
});

test.each<[string, (id: number) => Record<string, unknown>]>([
  ["without a name", (user_id) => ({ user_id })],
  ["with a blank name", (user_id) => ({ name: " ", user_id })],
  ["with a name of 33 characters", (user_id) => ({ name: "x".repeat(33), user_id })],
  ["without a user", () => ({ name: "Key" })],
  ["with a user id as text", (user_id) => ({ name: "Key", user_id: String(user_id) })],
  ["for 0 days", (user_id) => ({ name: "Key", user_id, expires_in_days: 0 })],
  ["for 366 days", (user_id) => ({ name: "Key", user_id, expires_in_days: 366 })],
  ["for half a day", (user_id) => ({ name: "Key", user_id, expires_in_days: 0.5 })],
])("no key is made %s", async (_, body) => {
  const init = send(people.admin, body(people.operator.id));
  await expectRefusal(app, "/api/api-keys", init, 400, "validation_failed");
});

test("a key's name may have 32 characters of any script", async () => {
  const name = "🔧".repeat(32);
  const response = await app.request("/api/api-keys", send(people.admin, { name, user_id: people.operator.id }));
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ api_key: { name } });
});

test("no key is made for an unknown or inactive user", async () => {
  const inactive = await person("technician");
  await execute(`UPDATE users SET active = 0 WHERE id = ${inactive.id}`);
  for (const user_id of [9999, inactive.id]) {
    const init = send(people.admin, { name: "Key", user_id });
    await expectRefusal(app, "/api/api-keys", init, 404, "user_not_found");
  }
});
