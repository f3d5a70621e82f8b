import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MeOutput } from "../../src/users/schemas.ts";
import { machine, PASSWORD, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import {
  anotherSession,
  devicesOf,
  makeApiKey,
  passwordHashOf,
  patchMe,
  registerDevice,
  sessionsOf,
  signIn,
} from "./api.ts";

const NEXT = "a new password";
const change = { current_password: PASSWORD, password: NEXT };

const app = startApp();
let admin: Person;
let user: Person;
let machine_id: number;

beforeAll(async () => {
  admin = await person("admin");
  machine_id = await machine("CNC");
});
beforeEach(async () => {
  user = await person("operator");
});

const me = async (sender: Person) => MeOutput.parse(await (await app.request("/api/me", send(sender))).json()).user;

test("everybody changes their own name and language, and sees it at once", async () => {
  for (const role of ["operator", "technician", "supervisor", "admin"] as const) {
    const sender = await person(role);
    const before = await me(sender);
    const response = await patchMe(app, sender, { name: " Zoé ", language: "fr" });
    const { user: changed } = MeOutput.strict().parse(await response.json());
    expect([response.status, changed]).toEqual([200, { ...before, name: "Zoé", language: "fr" }]);
    expect(await me(sender)).toEqual(changed);
    const back = await patchMe(app, sender, { language: null });
    expect(await back.json()).toEqual({ user: { ...changed, language: null } });
  }
});

test("a new name is on the next ticket", async () => {
  const create = () => app.request("/api/tickets", send(user, { title: "Alarm 31", machine_id }));
  expect((await create()).status).toBe(201);
  await patchMe(app, user, { name: "Newly Named" });
  expect(await (await create()).json()).toMatchObject({ ticket: { reporter_name: "Newly Named" } });
});

test("nobody gives themselves a role, an account or an e-mail address", async () => {
  const before = await me(user);
  const body = { role: "admin", active: true, email: "other@shop.example", id: admin.id, email_verified: 1 };
  expect(await (await patchMe(app, user, body)).json()).toEqual({ user: before });
  expect(await me(user)).toEqual(before);
});

test.each([
  [{ name: "" }],
  [{ name: null }],
  [{ name: "a".repeat(101) }],
  [{ language: "de" }],
  [{ ...change, password: "short 789" }],
  [{ ...change, password: "a".repeat(129) }],
  [{ ...change, current_password: 1 }],
  [{ ...change, current_password: "a".repeat(129) }],
  [[]],
])("refuses %j", async (body) => {
  await expectRefusal(app, "/api/me", send(user, body, {}, "PATCH"), 400, "validation_failed");
  expect((await signIn(app, user.email)).status).toBe(200);
});

test("whoever is not signed in changes nothing", async () => {
  await expectRefusal(app, "/api/me", send(null, { name: "Nobody" }, {}, "PATCH"), 401, "unauthorized");
});

describe("the password", () => {
  test("changes: the new one signs in, the old one does not", async () => {
    expect((await patchMe(app, user, change)).status).toBe(200);
    await expectProblem(await signIn(app, user.email), 401, "invalid_credentials");
    expect((await signIn(app, user.email, NEXT)).status).toBe(200);
  });

  test("needs the current one; otherwise nothing of the request takes effect", async () => {
    const before = await me(user);
    const hash = await passwordHashOf(user.id);
    const phone = await anotherSession(app, user);
    for (const current of [undefined, "", "wrong horse", NEXT, `${PASSWORD} `]) {
      const init = send(user, { current_password: current, password: NEXT, name: "Thief" }, {}, "PATCH");
      await expectRefusal(app, "/api/me", init, 403, "wrong_password", "sign_in_guesses");
    }
    expect([await me(user), await me(phone), await passwordHashOf(user.id)]).toEqual([before, before, hash]);
  });

  test("is not touched by a current password alone, which is not even looked at", async () => {
    const hash = await passwordHashOf(user.id);
    expect((await patchMe(app, user, { current_password: "wrong horse", name: "Zoé" })).status).toBe(200);
    expect(await passwordHashOf(user.id)).toBe(hash);
  });

  test("ends all my other sessions and silences their devices; this session and its device stay", async () => {
    const [phone, tablet] = [await anotherSession(app, user), await anotherSession(app, user)];
    const mine = await registerDevice(app, user);
    await registerDevice(app, phone);
    const others = await registerDevice(app, admin);
    const create = (sender: Person) => app.request("/api/tickets", send(sender, { title: "Alarm 31", machine_id }));
    for (const known of [user, phone, tablet]) {
      expect((await create(known)).status).toBe(201);
      expect((await me(known)).id).toBe(user.id);
    }
    expect((await patchMe(app, user, { ...change, name: "Zoé" })).status).toBe(200);
    await expectProblem(await create(phone), 401, "unauthorized");
    for (const ended of [phone, tablet]) {
      await expectProblem(await app.request("/api/me", send(ended)), 401, "unauthorized");
      await expectProblem(await create(ended), 401, "unauthorized");
    }
    expect(await sessionsOf(user.id)).toBe(1);
    expect((await me(user)).name).toBe("Zoé");
    expect((await create(user)).status).toBe(201);
    expect([await devicesOf(user.id), await devicesOf(admin.id)]).toEqual([[mine], expect.arrayContaining([others])]);
    expect((await me(admin)).id).toBe(admin.id);
  });

  test("is never changed with an API key, whatever the role; the rest of the account is", async () => {
    for (const owner of [user, admin]) {
      const key = await makeApiKey(app, admin, owner);
      const hash = await passwordHashOf(owner.id);
      await expectProblem(await patchMe(app, null, { ...change, name: "Robot" }, key), 403, "person_required");
      expect(await passwordHashOf(owner.id)).toBe(hash);
      expect((await me(owner)).name).not.toBe("Robot");
      const renamed = await patchMe(app, null, { name: "Robot" }, key);
      expect(await renamed.json()).toMatchObject({ user: { id: owner.id, name: "Robot" } });
    }
  });

  test("of two who change it at once from the same one, one does, and only that one's session is left", async () => {
    const phone = await anotherSession(app, user);
    const wishes = [
      [user, "the password of one"],
      [phone, "the password of two"],
    ] as const;
    const answers = await Promise.all(
      wishes.map(([sender, password]) => patchMe(app, sender, { ...change, password, name: `Has ${password}` })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect([200, 401, 403]).toContain(status);
    const [winner, password] = wishes[answers.findIndex(({ status }) => status === 200)] ?? wishes[0];
    expect((await me(winner)).name).toBe(`Has ${password}`);
    expect(await sessionsOf(user.id)).toBe(1);
    expect((await signIn(app, user.email, password)).status).toBe(200);
  });

  test("and an administrator's reset at once: whoever comes second finds the other's password", async () => {
    const [own, reset] = await Promise.all([
      patchMe(app, user, change),
      app.request(`/api/users/${user.id}`, send(admin, { password: "the administrator's" }, {}, "PATCH")),
    ]);
    expect(reset.status).toBe(200);
    expect([200, 401, 403]).toContain(own.status);
    expect((await signIn(app, user.email, "the administrator's")).status).toBe(200);
  });

  test("cannot be guessed faster than at sign-in: five times, then ever more slowly", async () => {
    const hash = await passwordHashOf(user.id);
    const guess = () => patchMe(app, user, { current_password: "wrong horse", password: NEXT });
    for (let attempt = 0; attempt < 5; attempt++) await expectProblem(await guess(), 403, "wrong_password");
    const throttled = await patchMe(app, user, change);
    expect(throttled.headers.get("retry-after")).toBe("1");
    await expectProblem(throttled, 429, "too_many_requests");
    expect(await passwordHashOf(user.id)).toBe(hash);
    // Neither does it keep anybody from the rest of their account, nor from signing in elsewhere.
    expect((await patchMe(app, user, { name: "Patient" })).status).toBe(200);
    expect(await queryAll("SELECT name FROM users WHERE id = ?", user.id)).toEqual([{ name: "Patient" }]);
    expect((await signIn(app, user.email)).status).toBe(200);
  });
});
