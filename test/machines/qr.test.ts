import { renderSVG } from "uqr";
import { beforeAll, expect, test } from "vitest";
import { ORIGIN, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { addMachine } from "./api.ts";

const app = startApp();
let operator: Person;
let supervisor: Person;

beforeAll(async () => {
  operator = await person("operator");
  supervisor = await person("supervisor");
});

test("opens a new ticket for this machine", async () => {
  const { id, qr_token } = await addMachine(app, supervisor);
  const response = await app.request(`/api/machines/${id}/qr.svg`, send(operator));
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(renderSVG(`${ORIGIN}/m/${qr_token}`, { ecc: "M", border: 4 }));
});

test("is a picture that can do nothing", async () => {
  const { id } = await addMachine(app, supervisor, { name: '<script>alert(1)</script>"' });
  const response = await app.request(`/api/machines/${id}/qr.svg`, send(operator));
  const { headers } = response;
  expect(headers.get("content-type")).toBe("image/svg+xml");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
  expect(await response.text()).toMatch(/^<svg [^<>]*><rect [^<>]*\/><path [^<>]*\/><\/svg>$/);
});

test("each machine has an unguessable token of its own", async () => {
  for (let count = 0; count < 20; count++) await addMachine(app, supervisor);
  const tokens = await queryAll<{ qr_token: string }>("SELECT qr_token FROM machines");
  expect(new Set(tokens.map(({ qr_token }) => qr_token)).size).toBe(tokens.length);
  for (const { qr_token } of tokens) expect(qr_token).toMatch(/^[\w-]{22}$/);
});

test("is shown to whoever is signed in", async () => {
  const { id } = await addMachine(app, supervisor);
  await expectProblem(await app.request(`/api/machines/${id}/qr.svg`), 401, "unauthorized");
  await expectProblem(await app.request("/api/machines/99999/qr.svg", send(operator)), 404, "machine_not_found");
});
