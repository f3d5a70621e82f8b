import { beforeAll, describe, expect, test } from "vitest";
import { at, machine, type Person, person, send, startApp } from "../helpers.ts";
import { expectProblem, expectRefusal } from "../problems.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let admin: Person;

interface Operation {
  parameters?: { name: string; in: string }[];
}
const { paths } = (await (await app.request("/api/openapi.json")).json()) as {
  paths: Record<string, Record<string, Operation>>;
};
const OPERATIONS = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({
    method: method.toUpperCase(),
    path,
    known: parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
  })),
);

beforeAll(async () => {
  admin = await person("admin");
  await machine("CNC");
});

describe("an unknown query parameter", () => {
  test.each(OPERATIONS)("is refused by $method $path, which names those it knows", async ({ method, path, known }) => {
    const address = `${path.replaceAll(/\{\w+\}/g, "1")}?surprise=1`;
    const problem = await expectRefusal(app, address, send(admin, undefined, {}, method), 400, "unknown_parameter");
    expect(problem).toMatchObject({ known, errors: [{ path: "surprise" }] });
    for (const name of known) expect(problem.detail).toContain(name);
  });

  test.each([
    "/api/tickets?is_machine_down=true",
    "/api/tickets?overdue=true",
    "/api/tickets?Status=received",
    "/api/tickets?limit=5&cursor_=x",
    "/api/deliveries?target=user:1",
    "/api/health?x",
    "/api/docs?x=1",
    "/api/openapi.json?x=1",
  ])("is refused in %s", async (address) => {
    await expectProblem(await app.request(address, send(admin)), 400, "unknown_parameter");
  });

  test("is refused in French too, and its name is cut", async () => {
    const response = await app.request(
      `/api/me?${"x".repeat(5000)}=1`,
      send(admin, undefined, { "accept-language": "fr" }),
    );
    const { detail, errors } = await expectProblem(response, 400, "unknown_parameter");
    expect(detail).toBe("Paramètres que cette adresse connaît : –.");
    expect(errors).toEqual([{ path: "x".repeat(50), message: "is not known here" }]);
  });

  test("tells a stranger nothing but to sign in", async () => {
    await expectProblem(await app.request("/api/tickets?surprise=1"), 401, "unauthorized");
  });

  test("does not matter in a link of an e-mail, to which mail programs add some", async () => {
    expect((await app.request("/t/unknown.gif?utm_source=mail")).status).toBe(200);
    expect((await app.request("/u/unknown?fbclid=1")).status).toBe(404);
  });
});

test.each(["status=received&status=received", "limit=5&limit=6", "q=a&q=b"])(
  "a parameter that comes twice is refused: ?%s",
  async (query) => {
    await expectProblem(await app.request(`/api/tickets?${query}`, send(admin)), 400, "validation_failed");
  },
);

test("known parameters are taken together", async () => {
  expect((await app.request("/api/tickets?status=received,completed&limit=5&sort=priority", send(admin))).status).toBe(
    200,
  );
});

describe("a header that a handler reads", () => {
  const asking = (length: number) => send(admin, undefined, { "if-none-match": `"${"x".repeat(length - 2)}"` });

  test("may have a thousand characters", async () => {
    expect((await app.request("/api/tickets", asking(1000))).status).toBe(200);
  });

  test("is refused when it has more", async () => {
    const problem = await expectRefusal(app, "/api/tickets", asking(1001), 400, "validation_failed");
    expect(problem.errors).toEqual([{ path: "If-None-Match", message: "must have at most 1000 characters" }]);
    const signed = { method: "POST", body: "{}", headers: { "stripe-signature": "x".repeat(1001) } };
    await expectRefusal(app, "/api/stripe/webhook", signed, 400, "validation_failed");
  });
});
