import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { can, PERMISSIONS, type Permission, ROLES, type Role } from "../../src/vocabulary/roles.ts";
import { PAGES } from "../../src/web/pages.ts";
import { machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";

const app = startApp();
const people = {} as Record<Role, Person>;

beforeAll(async () => {
  for (const role of ROLES) people[role] = await person(role);
  await machine("CNC");
});

/** A route, the least role that the contract gives it to, and what an allowed request answers. */
interface Access {
  route: string;
  path?: string;
  body?: (role: Role) => unknown;
  least: Role | "nobody in particular";
  allowed: number;
}

const code = (role: Role) => ({ operator: "OPER", technician: "TECH", supervisor: "SUPER", admin: "ADMIN" })[role];

// Section 2 of the contract, written out once more.
const TABLE: Access[] = [
  { route: "GET /api/health", least: "nobody in particular", allowed: 200 },
  { route: "GET /api/openapi.json", least: "nobody in particular", allowed: 200 },
  { route: "GET /api/docs", least: "nobody in particular", allowed: 200 },
  { route: "GET /api/auth/get-session", least: "nobody in particular", allowed: 200 },
  { route: "POST /api/auth/sign-in/email", body: () => ({}), least: "nobody in particular", allowed: 400 },
  { route: "GET /api/me", least: "operator", allowed: 200 },
  { route: "GET /api/tickets", least: "operator", allowed: 200 },
  { route: "GET /api/tickets/:ref", path: "/api/tickets/9999", least: "operator", allowed: 404 },
  { route: "POST /api/tickets", body: () => ({ title: "Alarm 31", machine_id: 1 }), least: "operator", allowed: 201 },
  { route: "GET /api/machines", least: "operator", allowed: 200 },
  {
    route: "POST /api/machines",
    body: () => ({ machine_type: "CNC", name: "Haas VF-2" }),
    least: "supervisor",
    allowed: 201,
  },
  { route: "GET /api/machine-types", least: "operator", allowed: 200 },
  {
    route: "POST /api/machine-types",
    body: (role) => ({ code: code(role), name: "New type" }),
    least: "supervisor",
    allowed: 201,
  },
  {
    route: "PATCH /api/machine-types/:id",
    path: "/api/machine-types/1",
    body: () => ({ name: "Renamed" }),
    least: "supervisor",
    allowed: 200,
  },
  { route: "GET /api/api-keys", least: "admin", allowed: 200 },
  { route: "POST /api/api-keys", body: () => ({ name: "ERP", user_id: 1 }), least: "admin", allowed: 201 },
  { route: "DELETE /api/api-keys/:id", path: "/api/api-keys/9999", least: "admin", allowed: 404 },
  { route: "PATCH /api/me", body: () => ({}), least: "operator", allowed: 200 },
  { route: "GET /api/me/queue", least: "operator", allowed: 200 },
  { route: "GET /api/users/assignable", least: "operator", allowed: 200 },
  { route: "GET /api/users", least: "admin", allowed: 200 },
  { route: "POST /api/users", body: () => ({ name: "N" }), least: "admin", allowed: 400 },
  { route: "GET /api/users/:id", path: "/api/users/9999", least: "admin", allowed: 404 },
  { route: "PATCH /api/users/:id", path: "/api/users/9999", body: () => ({ name: "N" }), least: "admin", allowed: 404 },
  { route: "GET /api/machines/:id", path: "/api/machines/9999", least: "operator", allowed: 404 },
  {
    route: "PATCH /api/machines/:id",
    path: "/api/machines/9999",
    body: () => ({ name: "Haas" }),
    least: "supervisor",
    allowed: 404,
  },
  { route: "DELETE /api/machines/:id", path: "/api/machines/9999", least: "supervisor", allowed: 404 },
  { route: "GET /api/machines/:id/qr.svg", path: "/api/machines/9999/qr.svg", least: "operator", allowed: 404 },
  { route: "GET /api/machines/:id/timeline", path: "/api/machines/9999/timeline", least: "operator", allowed: 404 },
  { route: "GET /api/machines/:id/tickets", path: "/api/machines/9999/tickets", least: "operator", allowed: 404 },
  {
    route: "PATCH /api/tickets/:ref",
    path: "/api/tickets/9999",
    body: () => ({ title: "Alarm 32" }),
    least: "operator",
    allowed: 404,
  },
  { route: "DELETE /api/tickets/:ref", path: "/api/tickets/9999", least: "admin", allowed: 404 },
  { route: "GET /api/tickets/:ref/timeline", path: "/api/tickets/9999/timeline", least: "operator", allowed: 404 },
  {
    route: "POST /api/tickets/:ref/comments",
    path: "/api/tickets/9999/comments",
    body: () => ({ body: "It smokes" }),
    least: "operator",
    allowed: 404,
  },
  {
    route: "POST /api/tickets/:ref/acknowledge",
    path: "/api/tickets/9999/acknowledge",
    least: "technician",
    allowed: 404,
  },
  {
    route: "POST /api/tickets/:ref/attachments",
    path: "/api/tickets/9999/attachments",
    least: "technician",
    allowed: 415,
  },
  {
    route: "GET /api/tickets/:ref/attachments",
    path: "/api/tickets/9999/attachments",
    least: "operator",
    allowed: 404,
  },
  { route: "GET /api/attachments/:id", path: "/api/attachments/9999", least: "operator", allowed: 404 },
  { route: "GET /api/tickets.csv", least: "supervisor", allowed: 200 },
  { route: "POST /api/tickets/import", least: "supervisor", allowed: 415 },
  {
    route: "POST /api/tickets/:ref/emails",
    path: "/api/tickets/9999/emails",
    body: () => ({ recipients: [{ email: "jeanne@atelier.example" }], subject: "Repaired", body: "Hello" }),
    least: "supervisor",
    allowed: 404,
  },
  { route: "GET /api/emails", least: "supervisor", allowed: 200 },
  // Whoever has the mail may open it and opt out; the link itself is the proof.
  { route: "GET /t/:token", path: "/t/AAAAAAAAAAAAAAAAAAAAAA.gif", least: "nobody in particular", allowed: 200 },
  { route: "GET /u/:link", path: "/u/unknown", least: "nobody in particular", allowed: 404 },
  { route: "POST /u/:link", path: "/u/unknown", least: "nobody in particular", allowed: 404 },
  { route: "GET /api/stats", least: "supervisor", allowed: 200 },
  { route: "GET /api/push/vapid-public-key", least: "operator", allowed: 200 },
  { route: "GET /api/push/subscriptions", least: "operator", allowed: 200 },
  { route: "POST /api/push/subscriptions", body: () => ({}), least: "operator", allowed: 400 },
  {
    route: "DELETE /api/push/subscriptions/:id",
    path: "/api/push/subscriptions/9999",
    least: "operator",
    allowed: 404,
  },
  { route: "POST /api/push/test", least: "operator", allowed: 200 },
  { route: "GET /api/push/logs", least: "supervisor", allowed: 200 },
  { route: "GET /api/webhooks", least: "admin", allowed: 200 },
  { route: "POST /api/webhooks", body: () => ({}), least: "admin", allowed: 400 },
  { route: "PATCH /api/webhooks/:id", path: "/api/webhooks/9999", body: () => ({}), least: "admin", allowed: 404 },
  { route: "DELETE /api/webhooks/:id", path: "/api/webhooks/9999", least: "admin", allowed: 404 },
  {
    route: "POST /api/webhooks/:id/rotate-secret",
    path: "/api/webhooks/9999/rotate-secret",
    least: "admin",
    allowed: 404,
  },
  { route: "POST /api/webhooks/:id/test", path: "/api/webhooks/9999/test", least: "admin", allowed: 404 },
  { route: "GET /api/deliveries", least: "supervisor", allowed: 200 },
  { route: "GET /api/deliveries/health", least: "supervisor", allowed: 200 },
  { route: "GET /api/deliveries/:id", path: "/api/deliveries/9999", least: "supervisor", allowed: 404 },
  { route: "POST /api/deliveries/:id/retry", path: "/api/deliveries/9999/retry", least: "supervisor", allowed: 404 },
  { route: "POST /api/deliveries/cleanup", body: () => ({}), least: "admin", allowed: 200 },
  { route: "GET /api/customers", least: "supervisor", allowed: 200 },
  { route: "POST /api/customers", body: () => ({ name: "Jeanne Roy" }), least: "supervisor", allowed: 201 },
  { route: "GET /api/customers/:id", path: "/api/customers/9999", least: "supervisor", allowed: 404 },
  {
    route: "PATCH /api/customers/:id",
    path: "/api/customers/9999",
    body: () => ({ name: "N" }),
    least: "supervisor",
    allowed: 404,
  },
  { route: "DELETE /api/customers/:id", path: "/api/customers/9999", least: "supervisor", allowed: 404 },
  { route: "GET /api/customers/:id/export", path: "/api/customers/9999/export", least: "supervisor", allowed: 404 },
  { route: "GET /api/customers/:id/tickets", path: "/api/customers/9999/tickets", least: "supervisor", allowed: 404 },
  {
    route: "GET /api/customers/:id/contact-methods",
    path: "/api/customers/9999/contact-methods",
    least: "supervisor",
    allowed: 404,
  },
  {
    route: "POST /api/customers/:id/contact-methods",
    path: "/api/customers/9999/contact-methods",
    body: () => ({ kind: "phone", value: "514 555 0123" }),
    least: "supervisor",
    allowed: 404,
  },
  {
    route: "DELETE /api/customers/:id/contact-methods/:method_id",
    path: "/api/customers/9999/contact-methods/1",
    least: "supervisor",
    allowed: 404,
  },
  {
    route: "GET /api/customers/:id/contact-preferences",
    path: "/api/customers/9999/contact-preferences",
    least: "supervisor",
    allowed: 404,
  },
  {
    route: "PUT /api/customers/:id/contact-preferences",
    path: "/api/customers/9999/contact-preferences",
    body: () => ({}),
    least: "supervisor",
    allowed: 400,
  },
  {
    route: "GET /api/customers/:id/contact-history",
    path: "/api/customers/9999/contact-history",
    least: "supervisor",
    allowed: 404,
  },
  {
    route: "POST /api/customers/:id/contact-history",
    path: "/api/customers/9999/contact-history",
    body: () => ({ channel: "phone", direction: "inbound", summary: "Called" }),
    least: "supervisor",
    allowed: 404,
  },
  { route: "POST /api/customers/:id/sync", path: "/api/customers/9999/sync", least: "admin", allowed: 503 },
  { route: "GET /api/sync", least: "admin", allowed: 200 },
  { route: "POST /api/sync/customers", body: () => ({}), least: "admin", allowed: 503 },
  { route: "POST /api/sync/resume", least: "admin", allowed: 503 },
  { route: "POST /api/stripe/webhook", body: () => ({}), least: "nobody in particular", allowed: 503 },
  // Last, because it ends the sessions of those who may.
  { route: "POST /api/auth/sign-out", least: "operator", allowed: 204 },
];

const request = ({ route, path, body }: Access, role: Role | null): [path: string, init: RequestInit] => {
  const [method = "", ownPath = ""] = route.split(" ");
  return [path ?? ownPath, send(role && people[role], body?.(role ?? "operator"), {}, method)];
};

test("the table holds every route of the application", () => {
  const routes = createApp().routes.filter(({ method }) => method !== "ALL");
  const names = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  // Pages for people who look an error up, and those of the app, which hold nothing until it has signed somebody in.
  const pages = ["/problems", "/problems/:code", ...Object.values(PAGES).map(({ path }) => path)];
  for (const page of pages) expect(names.delete(`GET ${page}`)).toBe(true);
  expect([...names].sort()).toEqual(TABLE.map(({ route }) => route).sort());
});

describe.each(TABLE)("$route", (access) => {
  const open = access.least === "nobody in particular";

  test("without a session", async () => {
    const [path, init] = request(access, null);
    if (open) expect((await app.request(path, init)).status).toBe(access.allowed);
    else await expectRefusal(app, path, init, 401, "unauthorized");
  });

  test.each(ROLES)("as %s", async (role) => {
    const [path, init] = request(access, role);
    if (access.least === "nobody in particular" || ROLES.indexOf(role) >= ROLES.indexOf(access.least)) {
      expect((await app.request(path, init)).status).toBe(access.allowed);
    } else {
      await expectRefusal(app, path, init, 403, "forbidden");
      // The right is asked before the body is looked at.
      if (init.body) await expectRefusal(app, path, { ...init, body: "not JSON" }, 403, "forbidden");
    }
  });
});

// The contract's rights by role, independent of the order that src/vocabulary/roles.ts uses to derive them.
const RIGHTS: Record<Role, Permission[]> = {
  operator: ["tickets:read", "tickets:create", "tickets:comment", "machines:read"],
  technician: ["tickets:work", "tickets:take", "tickets:attach"],
  supervisor: [
    "tickets:assign",
    "tickets:edit",
    "tickets:csv",
    "machines:manage",
    "customers:manage",
    "deliveries:read",
    "deliveries:retry",
    "stats:read",
    "emails:read",
    "emails:send",
  ],
  admin: [
    "users:manage",
    "api_keys:manage",
    "webhooks:manage",
    "tickets:delete",
    "customers:erase",
    "deliveries:cleanup",
    "sync:manage",
  ],
};

test.each(ROLES)("%s has the rights of the contract, and those of every lesser role", (role) => {
  const expected = ROLES.slice(0, ROLES.indexOf(role) + 1).flatMap((lesser) => RIGHTS[lesser]);
  const granted = (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => can(role, permission));
  expect(granted.sort()).toEqual(expected.sort());
});

test("the database knows the same roles", async () => {
  for (const role of ROLES) await env.DB.prepare("UPDATE users SET role = ? WHERE id = 1").bind(role).run();
  await expect(env.DB.prepare("UPDATE users SET role = 'root' WHERE id = 1").run()).rejects.toThrow("CHECK");
});
