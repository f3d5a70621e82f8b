import { expect, test } from "vitest";
import { ROLES } from "../../src/vocabulary/roles.ts";
import { startApp } from "../helpers.ts";

type Operation = { description: string; security?: unknown[] };
const { paths } = (await (await startApp().request("/api/openapi.json")).json()) as {
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, ...operation })),
);
const leastRole = (description: string) => / Least role: (\w+)\.$/.exec(description)?.[1] ?? null;

test("the document tells of each operation which role it takes at least, or that it is open to everybody", () => {
  expect(operations.length).toBeGreaterThan(60);
  for (const { name, description, security } of operations) {
    const isOpen = security?.length === 0;
    expect([name, leastRole(description)]).toEqual([name, isOpen ? null : expect.toBeOneOf([...ROLES])]);
  }
});

// test/auth/access.test.ts asks every route itself, as every role.
test.each([
  ["GET /api/health", null],
  ["GET /api/me", "operator"],
  ["POST /api/tickets", "operator"],
  ["POST /api/tickets/{ref}/attachments", "operator"],
  ["GET /api/stats", "supervisor"],
  ["POST /api/machines", "supervisor"],
  ["DELETE /api/tickets/{ref}", "admin"],
  ["POST /api/api-keys", "admin"],
])("%s: %s", (name, role) => {
  expect(leastRole(operations.find((operation) => operation.name === name)?.description ?? "")).toBe(role);
});
