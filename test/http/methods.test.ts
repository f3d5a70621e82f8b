import { beforeAll, describe, expect, test } from "vitest";
import { at, machine, type Person, person, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
  await machine("CNC");
});

// Which methods each path answers, as the contract lists them. HEAD comes with GET, OPTIONS with all.
const METHODS: Record<string, string> = {
  "/": "GET, HEAD, OPTIONS",
  "/tickets/CNC-1126-0001": "GET, HEAD, OPTIONS",
  "/api/health": "GET, HEAD, OPTIONS",
  "/api/openapi.json": "GET, HEAD, OPTIONS",
  "/api/docs": "GET, HEAD, OPTIONS",
  "/api/auth/sign-in/email": "OPTIONS, POST",
  "/api/auth/sign-out": "OPTIONS, POST",
  "/api/auth/get-session": "GET, HEAD, OPTIONS",
  "/api/me": "GET, HEAD, OPTIONS, PATCH",
  "/api/api-keys": "GET, HEAD, OPTIONS, POST",
  "/api/api-keys/1": "DELETE, OPTIONS",
  "/api/customers/1/sync": "OPTIONS, POST",
  "/api/sync": "GET, HEAD, OPTIONS",
  "/api/sync/customers": "OPTIONS, POST",
  "/api/sync/resume": "OPTIONS, POST",
  "/api/stripe/webhook": "OPTIONS, POST",
  "/api/machine-types": "GET, HEAD, OPTIONS, POST",
  "/api/machine-types/1": "OPTIONS, PATCH",
  "/api/machines": "GET, HEAD, OPTIONS, POST",
  "/api/tickets": "GET, HEAD, OPTIONS, POST",
  "/api/tickets/CNC-1126-0001": "DELETE, GET, HEAD, OPTIONS, PATCH",
  "/api/customers": "GET, HEAD, OPTIONS, POST",
  "/api/customers/1": "DELETE, GET, HEAD, OPTIONS, PATCH",
  "/api/customers/1/contact-methods": "GET, HEAD, OPTIONS, POST",
  "/api/customers/1/contact-methods/1": "DELETE, OPTIONS",
  "/api/customers/1/contact-preferences": "GET, HEAD, OPTIONS, PUT",
  "/api/tickets/CNC-1126-0001/emails": "OPTIONS, POST",
  "/api/emails": "GET, HEAD, OPTIONS",
  "/t/AAAAAAAAAAAAAAAAAAAAAA.gif": "GET, HEAD, OPTIONS",
  "/u/unknown": "GET, HEAD, OPTIONS, POST",
};
const ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

describe.each(Object.entries(METHODS))("%s", (path, allow) => {
  const others = ALL.filter((method) => method !== "HEAD" && !allow.split(", ").includes(method));

  test.each(others)("%s is 405 with Allow, signed in or not", async (method) => {
    for (const sender of [admin, null]) {
      const response = await app.request(path, send(sender, undefined, {}, method));
      expect(response.headers.get("allow")).toBe(allow);
      expect((await expectProblem(response, 405, "method_not_allowed")).detail).toContain(allow);
    }
  });

  test("OPTIONS names the methods", async () => {
    const response = await app.request(path, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await response.text()).toBe("");
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
  });
});

test("HEAD answers as GET does, without the body", async () => {
  const path = "/api/tickets";
  const get = await app.request(path, send(admin));
  const head = await app.request(path, send(admin, undefined, {}, "HEAD"));
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
  expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
  expect((await app.request(path, { method: "HEAD" })).status).toBe(401);
});

test("a body with PUT or DELETE changes nothing", async () => {
  const body = { title: "Spindle vibrates", machine_id: 1 };
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    await expectRefusal(app, "/api/tickets", send(admin, body, {}, method), 405, "method_not_allowed");
  }
});

test.each([
  "/api",
  "/api/",
  "/api/nothing",
  "/api/tickets/",
  "/api/tickets/1/2/3",
  "/api/Tickets",
  "/api//tickets",
  "/api/tickets/%2e%2e/people",
  "/api/people",
  "/api/auth",
  "/api/auth/sign-up/email",
  "/api/api-keys/1/key",
  "/api/%00",
  "/api/%ff",
  "/.git/config",
  "/.dev.vars",
])("%s is an unknown path for every method", async (path) => {
  for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
    await expectProblem(await app.request(path, send(admin, undefined, {}, method)), 404, "not_found");
  }
});

test("none of these requests has left a trace", async () => {
  expect(await rowCounts()).toMatchObject({ users: 1, sessions: 1, machines: 1, machine_types: 1, tickets: 0 });
});
