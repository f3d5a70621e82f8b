import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { can, PERMISSIONS, type Permission, ROLES, type Role } from "../../src/vocabulary/roles.ts";
import { PAGES } from "../../src/web/pages.ts";
import { machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectRefusal } from "../problems.ts";
import { type Access, TABLE } from "./access-table.ts";

const app = startApp();
const people = {} as Record<Role, Person>;

beforeAll(async () => {
  for (const role of ROLES) people[role] = await person(role);
  await machine("CNC");
});

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

  test.skipIf(open)("for somebody else than is signed in, whatever either of them may", async () => {
    for (const [role, other] of [["operator", "admin"] as const, ["admin", "operator"] as const]) {
      const [path, init] = request(access, role);
      const headers = { ...init.headers, "shopfloor-user": `${people[other].id}` };
      await expectRefusal(app, path, { ...init, headers }, 409, "signed_in_as_other");
    }
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
