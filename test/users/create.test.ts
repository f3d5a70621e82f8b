import { beforeAll, describe, expect, test } from "vitest";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { shownUser, signIn } from "./api.ts";

const NOW = "2026-11-20T15:04:05.123Z";
const app = startApp({ now: () => new Date(NOW) });
let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

const tara = { email: "tara@shop.example", name: "Tara", role: "technician", password: "twelve chars" };
const post = (body: unknown, sender: Person | null = admin) => app.request("/api/users", send(sender, body));

test.each(ROLES)("adds a %s who can sign in at once", async (role) => {
  const body = { ...tara, role, email: `new.${role}@shop.example`, language: "fr" };
  const user = await shownUser(await post(body), 201);
  const { password, ...shown } = body;
  expect(user).toEqual({ ...shown, id: user.id, active: true, created_at: NOW, updated_at: NOW });
  const response = await signIn(app, body.email, password);
  expect(response.status).toBe(200);
  const { token } = (await response.json()) as { token: string };
  const me = await app.request("/api/me", send({ id: user.id, email: body.email, token }));
  expect(await me.json()).toEqual({ user: { id: user.id, name: "Tara", email: body.email, role, language: "fr" } });
});

test("keeps the password as a hash only, in the row that better-auth reads", async () => {
  const { id } = await shownUser(await post({ ...tara, email: "hash@shop.example" }), 201);
  const accounts = await queryAll<Record<string, unknown>>("SELECT * FROM accounts WHERE user_id = ?", id);
  expect(accounts).toHaveLength(1);
  expect(accounts[0]).toMatchObject({ account_id: String(id), provider_id: "credential" });
  expect(accounts[0]?.password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
});

test("stores the e-mail address in lower case, and finds it in any", async () => {
  const user = await shownUser(await post({ ...tara, email: "  Tara.Upper@Shop.Example " }), 201);
  expect(user.email).toBe("tara.upper@shop.example");
  expect((await signIn(app, "TARA.UPPER@shop.example", tara.password)).status).toBe(200);
});

test("a language is optional", async () => {
  expect((await shownUser(await post({ ...tara, email: "none@shop.example" }), 201)).language).toBeNull();
  const body = { ...tara, email: "null@shop.example", language: null };
  expect((await shownUser(await post(body), 201)).language).toBeNull();
});

test("an address that is taken is refused in any case, and nothing is written", async () => {
  for (const email of [admin.email, admin.email.toUpperCase()]) {
    await expectRefusal(app, "/api/users", send(admin, { ...tara, email }), 409, "email_taken");
  }
});

test("of many who add the same address one does, whole", async () => {
  const before = await rowCounts();
  const body = { ...tara, email: "contested@shop.example" };
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(body)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  const after = await rowCounts();
  expect([after.users, after.accounts]).toEqual([(before.users ?? 0) + 1, (before.accounts ?? 0) + 1]);
});

describe("bad input", () => {
  test.each([
    ["email", "not an address"],
    ["email", ""],
    ["email", `${"a".repeat(250)}@b.ca`],
    ["email", "two@shop.example, three@shop.example"],
    ["email", "tara@shop.example\r\nBcc: all@shop.example"],
    ["email", undefined],
    ["name", ""],
    ["name", "  "],
    ["name", "a".repeat(101)],
    ["name", undefined],
    ["role", "root"],
    ["role", null],
    ["role", undefined],
    ["password", "short 789"],
    ["password", "a".repeat(129)],
    ["password", undefined],
    ["language", "de"],
  ])("%s: %j", async (field, value) => {
    const init = send(admin, { ...tara, [field]: value });
    const { errors } = await expectRefusal(app, "/api/users", init, 400, "validation_failed");
    expect(errors?.map(({ path }) => path)).toEqual([field]);
  });

  test("a password of 10 and of 128 characters is long enough and not too long", async () => {
    for (const length of [10, 128]) {
      const body = { ...tara, email: `length${length}@shop.example`, password: `${"x".repeat(length - 2)} y` };
      expect((await post(body)).status).toBe(201);
      expect((await signIn(app, body.email, body.password)).status).toBe(200);
    }
  });

  test("what is not text, not JSON, or the client's to say", async () => {
    await expectRefusal(app, "/api/users", send(admin, { ...tara, password: "with\0nul....." }), 400, "invalid_text");
    await expectRefusal(app, "/api/users", { ...send(admin, {}), body: "{" }, 400, "invalid_json");
    const plain = send(admin, tara, { "content-type": "text/plain" });
    await expectRefusal(app, "/api/users", plain, 415, "unsupported_media_type");
    const body = { ...tara, email: "extra@shop.example", id: 4711, active: false, email_verified: 0, created_at: "x" };
    const user = await shownUser(await post(body), 201);
    expect(user).toMatchObject({ active: true, created_at: NOW });
    expect(user.id).not.toBe(4711);
  });
});

test("only an administrator adds users", async () => {
  for (const role of ["operator", "technician", "supervisor"] as const) {
    await expectRefusal(app, "/api/users", send(await person(role), tara), 403, "forbidden");
  }
  await expectProblem(await post(tara, null), 401, "unauthorized");
});
