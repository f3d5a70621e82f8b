import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import {
  anotherSession,
  devicesOf,
  makeApiKey,
  patchUser,
  registerDevice,
  sessionsOf,
  shownUser,
  signIn,
} from "./api.ts";

const app = startApp();
let admin: Person;
let user: Person;
let machine_id: number;

beforeAll(async () => {
  admin = await person("admin");
  machine_id = await machine("CNC");
});
beforeEach(async () => {
  user = await person("technician");
});

const createTicket = (sender: Person) => app.request("/api/tickets", send(sender, { title: "Alarm 31", machine_id }));

test("changes what is named and nothing else", async () => {
  const before = await shownUser(await app.request(`/api/users/${user.id}`, send(admin)));
  const changed = await shownUser(await patchUser(app, admin, user.id, { name: " Élodie ", language: "fr" }));
  expect(changed).toEqual({ ...before, name: "Élodie", language: "fr", updated_at: changed.updated_at });
  expect(changed.updated_at > before.updated_at).toBe(true);
  expect(await shownUser(await patchUser(app, admin, user.id, {}))).toMatchObject({ name: "Élodie", language: "fr" });
  expect(await shownUser(await patchUser(app, admin, user.id, { language: null }))).toMatchObject({ language: null });
});

test("unknown fields and the e-mail address stay as they are", async () => {
  const body = { email: "other@shop.example", id: 1, email_verified: 0, created_at: "x", name: "Named" };
  expect(await shownUser(await patchUser(app, admin, user.id, body))).toMatchObject({ id: user.id, email: user.email });
});

test.each([
  [{ name: "" }],
  [{ name: null }],
  [{ name: "a".repeat(101) }],
  [{ role: "root" }],
  [{ role: null }],
  [{ active: 1 }],
  [{ active: null }],
  [{ password: "short 789" }],
  [{ password: "a".repeat(129) }],
  [{ password: null }],
  [{ language: "de" }],
  [[]],
])("refuses %j", async (body) => {
  const init = send(admin, body, {}, "PATCH");
  const before = await queryAll("SELECT * FROM users ORDER BY id");
  await expectRefusal(app, `/api/users/${user.id}`, init, 400, "validation_failed");
  expect(await queryAll("SELECT * FROM users ORDER BY id")).toEqual(before);
});

test("an unknown user is not found, and gets no password", async () => {
  const init = send(admin, { password: "a new password" }, {}, "PATCH");
  await expectRefusal(app, "/api/users/99999", init, 404, "user_not_found");
  await expectRefusal(app, "/api/users/x", init, 400, "validation_failed");
});

test("only an administrator changes users, even oneself", async () => {
  for (const role of ["operator", "technician", "supervisor"] as const) {
    const sender = await person(role);
    for (const id of [sender.id, user.id]) {
      const init = send(sender, { role: "admin" }, {}, "PATCH");
      await expectRefusal(app, `/api/users/${id}`, init, 403, "forbidden");
    }
  }
  await expectProblem(await patchUser(app, null, user.id, { role: "admin" }), 401, "unauthorized");
  expect(await queryAll("SELECT role FROM users WHERE id = ?", user.id)).toEqual([{ role: "technician" }]);
});

// What ends a user's sessions at once (contract section 2).
const ENDINGS = [
  ["another role", { role: "operator" }],
  ["a higher role", { role: "supervisor" }],
  ["a new password", { password: "a new password" }],
  ["disabling", { active: false }],
] as const;

describe.each(ENDINGS)("%s", (name, body) => {
  test("ends every session at once, wherever its token was seen before", async () => {
    const phone = await anotherSession(app, user);
    // This isolate knows both tokens now, on looked-up routes and on the one that checks in its batch.
    for (const known of [user, phone]) {
      expect((await app.request("/api/me", send(known))).status).toBe(200);
      expect((await createTicket(known)).status).toBe(201);
    }
    expect((await patchUser(app, admin, user.id, body)).status).toBe(200);
    expect(await sessionsOf(user.id)).toBe(0);
    const [first, second] = [user, phone];
    const ticket = send(first, { title: "Alarm 31", machine_id });
    await expectRefusal(app, "/api/tickets", ticket, 401, "unauthorized");
    for (const known of [first, second]) {
      await expectRefusal(app, "/api/me", send(known), 401, "unauthorized");
      await expectProblem(await createTicket(known), 401, "unauthorized");
    }
  });

  test("silences the devices of those sessions, and nobody else's", async () => {
    const device = await registerDevice(app, user);
    const others = await registerDevice(app, admin);
    const keyDevice = await registerDevice(app, { token: "" }, await makeApiKey(app, admin, user));
    expect(await devicesOf(user.id)).toEqual([device, keyDevice]);
    expect((await patchUser(app, admin, user.id, body)).status).toBe(200);
    // A device registered with an API key has no session to end with; a disabled account has no device at all.
    expect(await devicesOf(user.id)).toEqual(name === "disabling" ? [] : [keyDevice]);
    expect(await devicesOf(admin.id)).toContain(others);
    expect((await app.request("/api/me", send(admin))).status).toBe(200);
  });
});

test.each([
  ["the role they have", { role: "technician" }],
  ["being active already", { active: true }],
  ["a name", { name: "Renamed" }],
  ["a language", { language: "fr" }],
])("%s ends no session", async (_, body) => {
  const device = await registerDevice(app, user);
  expect((await patchUser(app, admin, user.id, body)).status).toBe(200);
  expect((await app.request("/api/me", send(user))).status).toBe(200);
  expect((await createTicket(user)).status).toBe(201);
  expect(await devicesOf(user.id)).toEqual([device]);
});

test("a new password works and the old one does not", async () => {
  await patchUser(app, admin, user.id, { password: "a new password" });
  await expectProblem(await signIn(app, user.email), 401, "invalid_credentials");
  expect((await signIn(app, user.email, "a new password")).status).toBe(200);
});

test("an account without a password gets one", async () => {
  await execute(`DELETE FROM accounts WHERE user_id = ${user.id}`);
  await patchUser(app, admin, user.id, { password: "a first password" });
  expect((await signIn(app, user.email, "a first password")).status).toBe(200);
});

test("a disabled user neither signs in nor acts by API key; enabled again, old sessions and keys stay ended", async () => {
  const key = await makeApiKey(app, admin, user);
  expect(await shownUser(await patchUser(app, admin, user.id, { active: false }))).toMatchObject({ active: false });
  await expectProblem(await signIn(app, user.email), 401, "invalid_credentials");
  await expectProblem(await app.request("/api/me", send(null, undefined, key)), 401, "unauthorized");
  const answer = await app.request("/api/tickets", send(null, { title: "Alarm 31", machine_id }, key));
  await expectProblem(answer, 401, "unauthorized");
  expect(await shownUser(await patchUser(app, admin, user.id, { active: true }))).toMatchObject({ active: true });
  await expectProblem(await app.request("/api/me", send(user)), 401, "unauthorized");
  await expectProblem(await app.request("/api/me", send(null, undefined, key)), 401, "unauthorized");
  expect(await queryAll("SELECT 1 FROM api_keys WHERE user_id = ?", user.id)).toEqual([]);
  expect((await signIn(app, user.email)).status).toBe(200);
});

test("a key that is being made for somebody who is disabled meanwhile is none", async () => {
  const making = app.request("/api/api-keys", send(admin, { name: "ERP", user_id: user.id }));
  await patchUser(app, admin, user.id, { active: false });
  const response = await making;
  await patchUser(app, admin, user.id, { active: true });
  if (response.status !== 201) await expectProblem(response, 404, "user_not_found");
  expect(await queryAll("SELECT 1 FROM api_keys WHERE user_id = ?", user.id)).toEqual([]);
});

test("after a change of role the next session has that role, and so has an API key at once", async () => {
  const key = await makeApiKey(app, admin, user);
  await patchUser(app, admin, user.id, { role: "supervisor" });
  const again = await anotherSession(app, user);
  for (const init of [send(again), send(null, undefined, key)]) {
    expect(await (await app.request("/api/me", init)).json()).toMatchObject({ user: { role: "supervisor" } });
  }
});

test("a change of name is seen at once by a session that was known before", async () => {
  expect((await app.request("/api/me", send(user))).status).toBe(200);
  await patchUser(app, admin, user.id, { name: "Newly Named", language: "fr" });
  const me = await app.request("/api/me", send(user));
  expect(await me.json()).toMatchObject({ user: { name: "Newly Named", language: "fr" } });
  const created = await createTicket(user);
  expect(await created.json()).toMatchObject({ ticket: { reporter_name: "Newly Named" } });
});
