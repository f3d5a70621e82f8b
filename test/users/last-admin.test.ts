import { beforeEach, describe, expect, test } from "vitest";
import { execute, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { devicesOf, passwordHashOf, patchUser, registerDevice, shownUser } from "./api.ts";

const app = startApp();
let admin: Person;

beforeEach(async () => {
  // Only this test's administrators count.
  await execute("UPDATE users SET active = 0");
  admin = await person("admin");
});

const admins = () =>
  queryAll<{ id: number }>("SELECT id FROM users WHERE role = 'admin' AND active = 1").then((rows) =>
    rows.map(({ id }) => id),
  );

const LOSSES = [
  ["demoted", { role: "supervisor" }],
  ["disabled", { active: false }],
  ["both", { role: "operator", active: false }],
  ["demoted with a new name and password", { role: "operator", name: "Renamed", password: "a new password" }],
] as const;

describe.each(LOSSES)("the last active administrator: %s", (_, body) => {
  test("is refused, and nothing of the request takes effect", async () => {
    const device = await registerDevice(app, admin);
    const hash = await passwordHashOf(admin.id);
    const before = await queryAll("SELECT * FROM users WHERE id = ?", admin.id);
    const init = send(admin, body, {}, "PATCH");
    await expectRefusal(app, `/api/users/${admin.id}`, init, 409, "last_admin");
    expect(await queryAll("SELECT * FROM users WHERE id = ?", admin.id)).toEqual(before);
    expect([await passwordHashOf(admin.id), await devicesOf(admin.id)]).toEqual([hash, [device]]);
    expect((await app.request("/api/me", send(admin))).status).toBe(200);
  });

  test("a disabled administrator is no other one", async () => {
    const former = await person("admin");
    await execute(`UPDATE users SET active = 0 WHERE id = ${former.id}`);
    await expectProblem(await patchUser(app, admin, admin.id, body), 409, "last_admin");
  });

  test("is allowed as soon as there is another", async () => {
    const second = await person("admin");
    await shownUser(await patchUser(app, second, admin.id, body));
    expect(await admins()).toEqual([second.id]);
  });
});

test("the last administrator may change all else", async () => {
  const body = { name: "Still Here", role: "admin", active: true, language: "fr" };
  expect(await shownUser(await patchUser(app, admin, admin.id, body))).toMatchObject(body);
});

test("a demoted administrator may be disabled, and others were never administrators", async () => {
  const other = await person("technician");
  expect((await patchUser(app, admin, other.id, { role: "operator" })).status).toBe(200);
  expect((await patchUser(app, admin, other.id, { active: false })).status).toBe(200);
});

test("of two administrators who demote each other at once, one remains", async () => {
  for (let round = 0; round < 4; round++) {
    await execute("UPDATE users SET active = 0");
    const [one, two] = [await person("admin"), await person("admin")];
    const [first, second] = await Promise.all([
      patchUser(app, one, two.id, { role: "technician" }),
      patchUser(app, two, one.id, round % 2 ? { active: false } : { role: "operator" }),
    ]);
    expect([first.status, second.status].filter((status) => status === 200)).toHaveLength(1);
    // The loser was refused, or demoted before it was asked who it is.
    for (const { status } of [first, second]) expect([200, 401, 409]).toContain(status);
    expect(await admins()).toHaveLength(1);
  }
});

test("of many administrators who all leave at once, one remains", async () => {
  const all = [admin, ...(await Promise.all(Array.from({ length: 5 }, () => person("admin"))))];
  const answers = await Promise.all(all.map((one) => patchUser(app, one, one.id, { active: false })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 409]);
  expect(await admins()).toHaveLength(1);
});

test("of two requests to demote the last one, both are refused", async () => {
  const answers = await Promise.all([1, 2].map(() => patchUser(app, admin, admin.id, { role: "operator" })));
  for (const answer of answers) await expectProblem(answer, 409, "last_admin");
  expect(await admins()).toEqual([admin.id]);
});
