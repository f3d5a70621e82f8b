import { beforeAll, expect, test } from "vitest";
import { machine, type Person, person, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { anotherToken, bearer, expectSignedOut, headers, unsigned } from "./credentials.ts";

const app = startApp();
let technician: Person;

beforeAll(async () => {
  await machine("CNC");
  technician = await person("technician");
});

test.each<[string, (token: string) => Record<string, string>]>([
  ["no credential", () => ({})],
  ["an empty Authorization", () => ({ authorization: "" })],
  ["a scheme without a token", () => ({ authorization: "Bearer" })],
  ["blank after the scheme", () => ({ authorization: "Bearer    " })],
  ["another scheme", (token) => ({ authorization: `Basic ${token}` })],
  ["the bare token", (token) => ({ authorization: token })],
  ["an unknown token", () => bearer("x".repeat(32))],
  ["a token with a letter changed", (token) => bearer((token.startsWith("A") ? "B" : "A") + token.slice(1))],
  ["a token cut short", (token) => bearer(token.slice(0, -1))],
  ["a token with something behind it", (token) => bearer(`${token}x`)],
  ["a token with a wrong signature", (token) => bearer(`${unsigned(token)}.${"A".repeat(43)}%3D`)],
  ["a token with an empty signature", (token) => bearer(`${unsigned(token)}.`)],
  ["a broken percent-encoding", (token) => bearer(`${token}%E0%A4%A`)],
  ["a LIKE pattern", () => bearer("%")],
  ["SQL", () => bearer("' OR 1=1 --")],
  ["an unsigned token", (token) => bearer(unsigned(token))],
  ["an unsigned cookie", (token) => ({ cookie: `shopfloor.session_token=${unsigned(token)}` })],
  [
    "a cookie with a wrong signature",
    (token) => ({ cookie: `shopfloor.session_token=${unsigned(token)}.${"A".repeat(43)}%3D` }),
  ],
  ["a cookie of another name", (token) => ({ cookie: `session_token=${token}` })],
  ["a token of 10,000 characters", (token) => bearer("x".repeat(10_000) + token)],
  ["the token in x-api-key", (token) => ({ "x-api-key": token })],
])("%s signs nobody in", async (_, credentials) => {
  await expectSignedOut(credentials(technician.token));
});

test("tampering with either half of a signed token is noticed", async () => {
  const signed = await anotherToken(technician);
  const [token = "", signature = ""] = signed.split(".");
  const other = await person("admin");
  const flip = (text: string) => (text.startsWith("A") ? "B" : "A") + text.slice(1);
  for (const forged of [
    `${flip(token)}.${signature}`,
    `${token}.${flip(signature)}`,
    `${unsigned(other.token)}.${signature}`,
  ]) {
    await expectSignedOut(bearer(forged));
    await expectSignedOut(bearer(encodeURIComponent(forged)));
  }
  for (const whole of [signed, encodeURIComponent(signed)]) {
    expect((await app.request("/api/me", headers(bearer(whole)))).status).toBe(200);
  }
});

test.each(["bearer", "BEARER", "Bearer  "])("the scheme '%s' is as good as any other spelling", async (scheme) => {
  const response = await app.request("/api/me", headers({ authorization: `${scheme} ${technician.token}` }));
  expect(await response.json()).toMatchObject({ user: { id: technician.id } });
});

test("links carry no credential: a token in the address is ignored", async () => {
  const path = `/api/me?token=${technician.token}&access_token=${technician.token}`;
  await expectRefusal(app, path, {}, 401, "unauthorized");
});
