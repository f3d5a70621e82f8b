import { beforeAll, describe, expect, test } from "vitest";
import { COMMON_PASSWORDS } from "../../src/auth/common-passwords.ts";
import { passwordFlaw } from "../../src/auth/password-rules.ts";
import type { ProblemCode } from "../../src/problem.ts";
import { PASSWORD, type Person, person, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";
import { passwordHashOf, patchMe, patchUser, signIn } from "../users/api.ts";

const app = startApp();
let admin: Person;
let user: Person;

beforeAll(async () => {
  admin = await person("admin");
  user = await person("technician", "Élodie Tremblay-Roy");
});

const owner = { email: "tara.technician@shop.example", name: "Élodie Tremblay-Roy" };

describe("a password is refused", () => {
  test.each([
    ["nine characters", "short 789", "password_length"],
    ["ten that are nine after normalisation", "e\u0301levators", "password_length"],
    ["five emoji", "🔩🔧🔨🪛🪚", "password_length"],
    ["129 characters", "xy ".repeat(43), "password_length"],
    ["a common one", "1234567890", "password_too_common"],
    ["another", "qwertyuiop", "password_too_common"],
    ["a French one", "motdepasse", "password_too_common"],
    ["in capitals", "QwErTyUiOp", "password_too_common"],
    ["with a year", "Password2026", "password_too_common"],
    ["with signs", "!!Dragon2026!!", "password_too_common"],
    ["spaced out", "i love you so much", "password_too_common"],
    ["in full-width letters", "ｐａｓｓｗｏｒｄ１２", "password_too_common"],
    ["that of the demo accounts", "shopfloor-demo", "password_too_common"],
    ["ten blanks", " ".repeat(10), "password_too_common"],
    ["the e-mail address", "Tara.Technician@shop.example", "password_personal"],
    ["what is before its @", "TARA.technician", "password_personal"],
    ["that with a number", "tara.technician1", "password_personal"],
    ["the name", "élodie tremblay-roy", "password_personal"],
    ["the name in other code points", "E\u0301lodie  Tremblay-Roy", "password_personal"],
    ["the name with a year", "ÉlodieTremblay-Roy1987!", "password_personal"],
  ])("%s", (_, password, flaw) => {
    expect(passwordFlaw(password, owner)).toBe(flaw);
  });
});

test.each([
  PASSWORD,
  "tungsten carbide 7",
  "elodie tremblay", // not the whole name
  "dragons eat lathes",
  "🔩🔧🔨🪛🪚🔩🔧🔨🪛🪚",
  "🔩".repeat(128),
  "a1 b2 c3 d4",
  "correct horse staple battery",
])("'%s' will do", (password) => {
  expect(passwordFlaw(password, owner)).toBeNull();
});

test("the list holds a thousand, each in the form that is compared", () => {
  expect(COMMON_PASSWORDS.size).toBeGreaterThanOrEqual(1000);
  for (const common of COMMON_PASSWORDS) {
    expect(common).toBe(common.normalize("NFKC").toLowerCase());
    // Each of them stops a password, by itself or with a number behind it.
    expect(passwordFlaw(common.length < 10 ? `${common}1234567` : common, owner), common).toBe("password_too_common");
  }
});

describe("every way to set one asks the rule", () => {
  const CASES: [what: string, password: string, status: number, code: ProblemCode][] = [
    ["short", "short 789", 400, "validation_failed"],
    ["five emoji", "🔩🔧🔨🪛🪚", 400, "validation_failed"],
    ["short after normalisation", "e\u0301levators", 422, "password_length"],
    ["common", "Password2026", 422, "password_too_common"],
    ["personal", "Élodie Tremblay-Roy", 422, "password_personal"],
  ];

  test.each(CASES)("POST /api/users: %s", async (_, password, status, code) => {
    const body = { name: "Élodie Tremblay-Roy", email: "new@shop.example", role: "operator", password };
    await expectRefusal(app, "/api/users", send(admin, body), status, code);
  });

  test.each(CASES)("PATCH /api/users/:id: %s", async (_, password, status, code) => {
    const hash = await passwordHashOf(user.id);
    await expectRefusal(app, `/api/users/${user.id}`, send(admin, { password }, {}, "PATCH"), status, code);
    expect(await passwordHashOf(user.id)).toBe(hash);
  });

  test.each(CASES)("PATCH /api/me: %s", async (_, password, status, code) => {
    const hash = await passwordHashOf(user.id);
    // Which costs no guess at the current one.
    for (let count = 0; count < 7; count++) {
      const init = send(user, { current_password: PASSWORD, password }, {}, "PATCH");
      await expectRefusal(app, "/api/me", init, status, code);
    }
    expect(await passwordHashOf(user.id)).toBe(hash);
  });

  test("the name of the same request counts", async () => {
    const change = { name: "Grinder Specialist", password: "grinder specialist" };
    await expectProblem(await patchUser(app, admin, user.id, change), 422, "password_personal");
    const own = { ...change, current_password: PASSWORD };
    await expectProblem(await patchMe(app, user, own), 422, "password_personal");
  });

  test("an unknown user is not found, whatever the password", async () => {
    await expectProblem(await patchUser(app, admin, 99_999, { password: "Password2026" }), 404, "user_not_found");
  });

  test("the refusal is said in the reader's language, without the password", async () => {
    const init = send(
      user,
      { current_password: PASSWORD, password: "Password2026" },
      { "accept-language": "fr" },
      "PATCH",
    );
    const text = await (await app.request("/api/me", init)).text();
    expect(text).toContain("Mot de passe trop courant");
    expect(text).not.toContain('2026"');
    const short = { ...init, body: JSON.stringify({ current_password: PASSWORD, password: "e\u0301levators" }) };
    expect(await (await app.request("/api/me", short)).json()).toMatchObject({
      detail: "Un mot de passe compte de 10 à 128 caractères.",
    });
  });
});

test("ten characters and 128 of any kind are set and sign in, also in another normal form", async () => {
  for (const password of ["🔩🔧🔨🪛🪚⚙️ x y", "🔩".repeat(128), "Zoë's caf\u00e9 7"]) {
    const someone = await person("operator");
    expect((await patchUser(app, admin, someone.id, { password })).status).toBe(200);
    for (const typed of [password, password.normalize("NFD")]) {
      expect((await signIn(app, someone.email, typed)).status).toBe(200);
    }
  }
});

test("a repeated change is answered as before, although the name has become the password meanwhile", async () => {
  const someone = await person("operator");
  const init = send(admin, { password: "valve spring 44" }, { "idempotency-key": "valve" }, "PATCH");
  const first = await app.request(`/api/users/${someone.id}`, init);
  expect(first.status).toBe(200);
  await patchUser(app, admin, someone.id, { name: "Valve Spring 44" });
  const again = await app.request(`/api/users/${someone.id}`, init);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
  expect(await again.json()).toEqual(await first.json());
});
