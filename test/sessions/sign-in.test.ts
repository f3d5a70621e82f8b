import { beforeAll, describe, expect, test } from "vitest";
import { insertUserSql } from "../../scripts/lib/users.ts";
import type { ProblemCode } from "../../src/problem.ts";
import { SignInOutput } from "../../src/sessions/schemas.ts";
import { execute, PASSWORD, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectRefusal, type Problem } from "../problems.ts";

const SIGN_IN = "/api/auth/sign-in/email";
const app = startApp();
let technician: Person;
let disabled: Person;

beforeAll(async () => {
  technician = await person("technician", "Tara Technician");
  disabled = await person("technician", "Dora Disabled");
  await execute(`UPDATE users SET active = 0 WHERE id = ${disabled.id}`);
});

// Throttling has tests of its own: here each attempt comes from somewhere else.
const attempt = (body: unknown) => send(null, body, { "cf-connecting-ip": crypto.randomUUID() });
const signIn = (body: unknown) => app.request(SIGN_IN, attempt(body));
const refuse = (body: unknown, status: number, code: ProblemCode) =>
  expectRefusal(app, SIGN_IN, attempt(body), status, code, status === 401 ? "sign_in_guesses" : undefined);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test("a person signs in with e-mail and password and is told who they are", async () => {
  const response = await signIn({ email: technician.email, password: PASSWORD });
  expect(response.status).toBe(200);
  const body = SignInOutput.strict().parse(await response.json());
  expect(body.user).toEqual({
    id: technician.id,
    name: "Tara Technician",
    email: technician.email,
    role: "technician",
    language: null,
  });
  expect(body.token.length).toBeGreaterThanOrEqual(32);
});

test("the token is the same, and signed, in the body, in set-auth-token and in the cookie", async () => {
  const response = await signIn({ email: technician.email, password: PASSWORD });
  const { token } = (await response.json()) as { token: string };
  // RFC 6750 section 2.1: the form of a bearer token.
  expect(token).toMatch(/^[A-Za-z0-9]{32}\.[\w-]+\.[A-Za-z0-9+/]{43}=$/);
  expect(response.headers.get("set-auth-token")).toBe(token);
  const [cookie = ""] = response.headers.getSetCookie();
  expect(cookie.split(";")[0]).toBe(`shopfloor.session_token=${encodeURIComponent(token)}`);
  for (const form of [token, encodeURIComponent(token)]) {
    const me = await app.request("/api/me", bearer(form));
    expect(await me.json()).toMatchObject({ user: { id: technician.id } });
  }
  expect(await queryAll("SELECT 1 FROM sessions WHERE token = ?", token.split(".")[0])).toHaveLength(1);
});

test("each sign-in is a session of its own", async () => {
  const tokens = new Set<string>();
  for (const _ of [1, 2]) {
    const response = await signIn({ email: technician.email, password: PASSWORD });
    tokens.add(((await response.json()) as { token: string }).token);
  }
  expect(tokens.size).toBe(2);
});

test("the e-mail address is the same in any case", async () => {
  const response = await signIn({ email: technician.email.toUpperCase(), password: PASSWORD });
  expect(response.status).toBe(200);
});

test("the cookie is out of reach for scripts, other sites and plain connections", async () => {
  const response = await signIn({ email: technician.email, password: PASSWORD });
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith("shopfloor.session_token="));
  const attributes = cookie
    ?.split("; ")
    .slice(1)
    .map((attribute) => attribute.toLowerCase());
  expect(attributes).toEqual(expect.arrayContaining(["httponly", "secure", "samesite=lax", "path=/"]));
});

describe("all refusals look alike", () => {
  /** Everything of an answer that a guesser could compare. */
  const seen = async (response: Response) => {
    const { request_id: _, ...body } = (await response.json()) as Problem;
    const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
    return { status: response.status, headers, body };
  };

  test("unknown address, wrong password, disabled account", async () => {
    const wrong = await seen(await signIn({ email: technician.email, password: "wrong horse" }));
    expect(wrong.status).toBe(401);
    expect(wrong.body.code).toBe("invalid_credentials");
    for (const other of [
      { email: "nobody@shop.example", password: PASSWORD },
      { email: disabled.email, password: PASSWORD },
      { email: disabled.email, password: "wrong horse" },
      { email: technician.email, password: PASSWORD.toUpperCase() },
      { email: technician.email, password: ` ${PASSWORD}` },
    ]) {
      expect(await seen(await signIn(other))).toEqual(wrong);
    }
  });

  test("and leave no session behind", async () => {
    await refuse({ email: disabled.email, password: PASSWORD }, 401, "invalid_credentials");
    await refuse({ email: technician.email, password: "wrong horse" }, 401, "invalid_credentials");
  });

  test("an account without a password cannot be entered", async () => {
    const guest = await person("operator", "Gus Guest");
    await execute(`UPDATE accounts SET password = NULL WHERE user_id = ${guest.id}`);
    await refuse({ email: guest.email, password: "null" }, 401, "invalid_credentials");
  });
});

describe("a malformed sign-in is refused", () => {
  test.each<[string, unknown]>([
    ["no e-mail", { password: PASSWORD }],
    ["no password", { email: "technician@shop.example" }],
    ["an empty password", { email: "technician@shop.example", password: "" }],
    ["a password of 129 characters", { email: "technician@shop.example", password: "x".repeat(129) }],
    ["an e-mail that is none", { email: "technician", password: PASSWORD }],
    ["an e-mail with an operator", { email: { $ne: "" }, password: PASSWORD }],
    ["an array", { email: ["technician@shop.example"], password: [PASSWORD] }],
    ["an e-mail of 300 characters", { email: `${"x".repeat(290)}@shop.example`, password: PASSWORD }],
  ])("%s", async (_, body) => {
    await refuse(body, 400, "validation_failed");
  });

  test("NUL in the password, malformed JSON, a form", async () => {
    await refuse({ email: technician.email, password: `${PASSWORD}\0` }, 400, "invalid_text");
    const json = { "content-type": "application/json" };
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const raw = (headers: Record<string, string>, body: string) => ({ method: "POST", headers, body });
    await expectRefusal(app, SIGN_IN, raw(json, '{"email":'), 400, "invalid_json");
    await expectRefusal(app, SIGN_IN, raw(form, "email=a&password=b"), 415, "unsupported_media_type");
  });
});

test.each([
  "/api/auth/sign-up/email",
  "/api/auth/sign-up",
  "/api/auth/update-user",
  "/api/auth/change-password",
  "/api/auth/change-email",
  "/api/auth/delete-user",
  "/api/auth/forget-password",
  "/api/auth/request-password-reset",
  "/api/auth/reset-password",
  "/api/auth/list-sessions",
  "/api/auth/sign-in/social",
  "/api/auth/api-key/create",
  "/api/auth/ok",
])("better-auth's own %s does not exist", async (path) => {
  const body = { name: "Mallory", email: "mallory@shop.example", password: PASSWORD, role: "admin" };
  await expectRefusal(app, path, send(null, body), 404, "not_found");
  await expectRefusal(app, path, send(technician, body), 404, "not_found");
  expect((await app.request(path)).status).toBe(404);
});

test("extra members of a sign-in change nothing", async () => {
  const before = await rowCounts();
  const body = { email: technician.email, password: PASSWORD, role: "admin", rememberMe: false, callbackURL: "/x" };
  const response = await signIn(body);
  expect(response.status).toBe(200);
  expect(response.headers.get("location")).toBeNull();
  const { sign_in_guesses = 0, sessions = 0 } = before;
  expect({ ...(await rowCounts()), sign_in_guesses }).toEqual({ ...before, sessions: sessions + 1 });
  expect(await queryAll("SELECT role FROM users WHERE id = ?", technician.id)).toEqual([{ role: "technician" }]);
});

test("an account made by the project's own script can sign in, under a salted hash", async () => {
  const account = { name: "Nora D'Arc", role: "technician", language: "fr", password: PASSWORD } as const;
  for (const email of ["Nora@shop.example", "nora2@shop.example"]) {
    await execute(...(await insertUserSql({ ...account, email })));
    const response = await signIn({ email, password: PASSWORD });
    expect(await response.json()).toMatchObject({ user: { name: "Nora D'Arc", role: "technician", language: "fr" } });
  }
  const rows = await queryAll<{ password: string }>(
    "SELECT a.password FROM accounts a JOIN users u ON u.id = a.user_id WHERE u.name LIKE 'Nora%'",
  );
  for (const { password } of rows) expect(password).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
  expect(new Set(rows.map(({ password }) => password)).size).toBe(2);
});

test("a stolen hash is no password", async () => {
  const [row] = await queryAll<{ password: string }>("SELECT password FROM accounts WHERE password IS NOT NULL");
  await refuse({ email: technician.email, password: row?.password.slice(0, 128) }, 401, "invalid_credentials");
});
