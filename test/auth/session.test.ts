import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SessionOutput } from "../../src/sessions/schemas.ts";
import { at, execute, machine, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket, postTicket } from "../tickets/api.ts";
import { anotherToken, bearer, expectSignedOut, headers, unsigned } from "./credentials.ts";

const app = startApp();
let machine_id: number;
let technician: Person;

beforeAll(async () => {
  machine_id = await machine("CNC");
});
beforeEach(async () => {
  technician = await person("technician");
});

const body = () => ({ title: "Spindle vibrates", machine_id });

/** Lets this isolate verify a credential and keep it, as a phone does that has been at work all day. */
async function makeKnown(token: string): Promise<void> {
  const init = { ...send(null, body(), bearer(token)) };
  expect((await app.request("/api/tickets", init)).status).toBe(201);
  expect((await app.request("/api/me", headers(bearer(token)))).status).toBe(200);
}

const REVOCATIONS = [
  ["the session was deleted", (user: Person) => `DELETE FROM sessions WHERE user_id = ${user.id}`],
  ["the user was deactivated", (user: Person) => `UPDATE users SET active = 0 WHERE id = ${user.id}`],
  [
    "the session has expired",
    (user: Person) => `UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE user_id = ${user.id}`,
  ],
] as const;

describe.each(REVOCATIONS)("once %s", (_, revoke) => {
  test("a token that this isolate knows is refused at once", async () => {
    await makeKnown(technician.token);
    await execute(revoke(technician));
    await expectSignedOut(bearer(technician.token));
  });

  test("the token of a sign-in that this isolate knows is refused at once", async () => {
    const token = await anotherToken(technician);
    await makeKnown(token);
    await execute(revoke(technician));
    await expectSignedOut(bearer(token));
  });

  test("a token that this isolate has never seen is refused", async () => {
    await execute(revoke(technician));
    await expectSignedOut(bearer(technician.token));
  });

  test("the creation is refused by its own batch when it is the first request to notice", async () => {
    await makeKnown(technician.token);
    await execute(revoke(technician));
    const init = send(technician, body(), { "idempotency-key": "first-to-notice" });
    await expectRefusal(app, "/api/tickets", init, 401, "unauthorized");
  });
});

test("a session ends at its very millisecond", async () => {
  const before = startApp(at("2026-11-20T14:59:59.999Z"));
  const then = startApp(at("2026-11-20T15:00:00.000Z"));
  expect((await postTicket(before, technician, body())).status).toBe(201);
  const ending = `UPDATE sessions SET expires_at = '2026-11-20T15:00:00.000Z' WHERE user_id = ${technician.id}`;
  await execute(ending);
  expect((await postTicket(before, technician, body())).status).toBe(201);
  // Its use has renewed it.
  await execute(ending);
  await expectRefusal(then, "/api/tickets", send(technician, body()), 401, "unauthorized");
});

test("a session in use lives 30 days on, and is renewed at most once a day", async () => {
  const ends = async () =>
    (await queryAll<{ expires_at: string }>("SELECT expires_at FROM sessions WHERE user_id = ?", technician.id))[0]
      ?.expires_at;
  await execute(`UPDATE sessions SET expires_at = '2026-12-20T15:00:00.000Z' WHERE user_id = ${technician.id}`);
  const soon = startApp(at("2026-11-21T15:00:00.000Z"));
  expect((await soon.request("/api/me", send(technician))).status).toBe(200);
  expect(await ends()).toBe("2026-12-20T15:00:00.000Z");
  const later = startApp(at("2026-11-21T15:00:00.001Z"));
  expect((await later.request("/api/me", send(technician))).status).toBe(200);
  expect(await ends()).toBe("2026-12-21T15:00:00.001Z");
});

test("one revoked session leaves the person's other sessions alone", async () => {
  const phone = technician.token;
  const tablet = await anotherToken(technician);
  await execute(`DELETE FROM sessions WHERE token = '${unsigned(phone)}'`);
  await expectSignedOut(bearer(phone));
  expect((await app.request("/api/me", headers(bearer(tablet)))).status).toBe(200);
});

test("get-session shows the session, and null to whoever is signed out", async () => {
  const shown = await app.request("/api/auth/get-session", send(technician));
  const session = SessionOutput.parse(await shown.json());
  expect(session?.user).toMatchObject({ id: technician.id, role: "technician" });
  expect(session?.session.expires_at).toBe("2099-01-01T00:00:00.000Z");
  const unknown: Record<string, string>[] = [{}, bearer("unknown"), { cookie: "shopfloor.session_token=unknown" }];
  for (const credentials of unknown) {
    const response = await app.request("/api/auth/get-session", headers(credentials));
    expect([response.status, await response.json()]).toEqual([200, null]);
  }
});

test("sign-out ends this session at once and for good", async () => {
  await makeKnown(technician.token);
  const response = await app.request("/api/auth/sign-out", send(technician, undefined, {}, "POST"));
  expect([response.status, await response.text()]).toEqual([204, ""]);
  await expectSignedOut(bearer(technician.token));
  expect(await queryAll("SELECT 1 FROM sessions WHERE user_id = ?", technician.id)).toEqual([]);
  const again = await app.request("/api/auth/get-session", send(technician));
  expect(await again.json()).toBeNull();
  await expectRefusal(app, "/api/auth/sign-out", send(technician, undefined, {}, "POST"), 401, "unauthorized");
});

test("a session has a role only as long as the user has it", async () => {
  const supervisor = await person("supervisor");
  await createdTicket(await postTicket(app, supervisor, { ...body(), assigned_to: technician.id }));
  // Whoever changes a role ends the sessions with it; this is what the next sign-in then sees.
  await execute(`UPDATE users SET role = 'operator' WHERE id = ${supervisor.id}`);
  expect(await (await app.request("/api/me", send(supervisor))).json()).toMatchObject({ user: { role: "operator" } });
});
