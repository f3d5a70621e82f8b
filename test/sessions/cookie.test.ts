import { beforeAll, expect, test } from "vitest";
import { headers } from "../auth/credentials.ts";
import { bindings, machine, ORIGIN, PASSWORD, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { createdTicket } from "../tickets/api.ts";

const app = startApp();
let technician: Person;
let machine_id: number;
let cookie: string;

/** Signs in as a browser does and returns the `Cookie` header that it would send from then on. */
async function signInForCookie(on = app): Promise<string> {
  const init = send(
    null,
    { email: technician.email, password: PASSWORD },
    { "cf-connecting-ip": crypto.randomUUID(), origin: ORIGIN },
  );
  const response = await on.request("/api/auth/sign-in/email", init);
  expect(response.status).toBe(200);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

beforeAll(async () => {
  machine_id = await machine("CNC");
  technician = await person("technician");
  cookie = await signInForCookie();
});

const create = (extra: Record<string, string>) =>
  send(null, { title: "Spindle vibrates", machine_id }, { cookie, ...extra });

test("the session cookie signs a browser in", async () => {
  const me = await app.request("/api/me", headers({ cookie }));
  expect(await me.json()).toMatchObject({ user: { id: technician.id } });
  const session = await app.request("/api/auth/get-session", headers({ cookie }));
  expect(await session.json()).toMatchObject({ user: { id: technician.id } });
});

test("other cookies beside it do no harm", async () => {
  const me = await app.request("/api/me", headers({ cookie: `theme=dark; ${cookie}; lang=fr` }));
  expect(me.status).toBe(200);
});

test("a creation with the cookie is accepted from this site, and from clients that name no origin", async () => {
  for (const extra of [{ origin: ORIGIN }, {}] as Record<string, string>[]) {
    const ticket = await createdTicket(await app.request("/api/tickets", create(extra)));
    expect(ticket.reported_by).toBe(technician.id);
  }
});

test.each([
  "https://evil.example",
  "https://shop.example.evil.example",
  "https://sub.shop.example",
  "http://shop.example",
  "https://shop.example:8443",
  "https://SHOP.example.",
  "null",
  "not an origin",
])("a write with the cookie from %s is refused", async (origin) => {
  await expectRefusal(app, "/api/tickets", create({ origin }), 403, "cross_origin_request");
  await expectRefusal(app, "/api/tickets", create({ origin, "x-api-key": "" }), 403, "cross_origin_request");
  const signOut = send(null, undefined, { cookie, origin }, "POST");
  await expectRefusal(app, "/api/auth/sign-out", signOut, 403, "cross_origin_request");
  const machineType = send(null, { code: "EVIL", name: "Evil" }, { cookie, origin });
  await expectRefusal(app, "/api/machine-types", machineType, 403, "cross_origin_request");
});

test("a read with the cookie may name any origin: no other site is allowed to see the answer", async () => {
  const response = await app.request("/api/tickets", headers({ cookie, origin: "https://evil.example" }));
  expect(response.status).toBe(200);
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

test("a bearer token works from any origin, since no browser sends it by itself", async () => {
  const init = send(technician, { title: "From an app", machine_id }, { origin: "https://app.example" });
  await createdTicket(await app.request("/api/tickets", init));
});

test("a wrong bearer token is not made good by a cookie", async () => {
  const init = create({ authorization: "Bearer unknown", origin: "https://evil.example" });
  await expectRefusal(app, "/api/tickets", init, 401, "unauthorized");
  await expectRefusal(app, "/api/me", headers({ cookie, authorization: "Bearer unknown" }), 401, "unauthorized");
  await expectRefusal(app, "/api/me", headers({ cookie, "x-api-key": "unknown" }), 401, "unauthorized");
});

test("a bearer token comes before the cookie of somebody else", async () => {
  const other = await person("operator");
  const me = await app.request("/api/me", send(other, undefined, { cookie }));
  expect(await me.json()).toMatchObject({ user: { id: other.id } });
});

test("signing out with the cookie ends the session and takes the cookie back", async () => {
  const cookie = await signInForCookie();
  const response = await app.request("/api/auth/sign-out", send(null, undefined, { cookie, origin: ORIGIN }, "POST"));
  expect(response.status).toBe(204);
  const name = cookie.split("=")[0];
  const removed = response.headers.getSetCookie().find((line) => line.startsWith(`${name}=;`));
  expect(removed?.toLowerCase()).toContain("max-age=0");
  await expectRefusal(app, "/api/me", headers({ cookie }), 401, "unauthorized");
  await expectRefusal(app, "/api/tickets", create({ cookie, origin: ORIGIN }), 401, "unauthorized");
});

test("behind a proxy that changes the host, BETTER_AUTH_URL is this site's origin", async () => {
  const publicOrigin = "https://tickets.example.com";
  const proxied = startApp({}, bindings({ BETTER_AUTH_URL: publicOrigin }));
  const cookie = await signInForCookie(proxied);
  await createdTicket(await proxied.request("/api/tickets", create({ cookie, origin: publicOrigin })));
  const foreign = create({ cookie, origin: "https://evil.example" });
  await expectRefusal(proxied, "/api/tickets", foreign, 403, "cross_origin_request");
});

test("every cookie says Secure exactly once", async () => {
  for (const environment of [bindings(), bindings({ BETTER_AUTH_URL: "https://tickets.example.com" })]) {
    const init = send(
      null,
      { email: technician.email, password: PASSWORD },
      { "cf-connecting-ip": crypto.randomUUID() },
    );
    const response = await startApp({}, environment).request("/api/auth/sign-in/email", init);
    for (const line of response.headers.getSetCookie()) expect(line.match(/; secure/gi)).toHaveLength(1);
  }
});
