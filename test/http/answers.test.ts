import { beforeAll, describe, expect, test } from "vitest";
import { negotiateLocale, PROBLEMS, type ProblemCode } from "../../src/problem.ts";
import { unsigned } from "../auth/credentials.ts";
import { LOST_CONNECTION } from "../db/connection.ts";
import { at, bindings, machine, ORIGIN, type Person, person, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

const app = startApp(at("2026-11-20T15:00:00.000Z"));
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

describe("the request id", () => {
  test("is in every answer, and never twice the same", async () => {
    const paths = ["/api/health", "/api/tickets", "/api/nothing", "/elsewhere", "/api/docs", "/api/openapi.json"];
    const ids = await Promise.all(
      [...paths, ...paths].map(async (path) => (await app.request(path)).headers.get("x-request-id")),
    );
    for (const id of ids) expect(id).toMatch(/^[\w-]{8,}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is ours, with the sender's own beside it when that is harmless", async () => {
    const response = await app.request("/api/tickets", { headers: { "x-request-id": "phone-42_a" } });
    expect((await expectProblem(response, 401, "unauthorized")).request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get("x-client-request-id")).toBe("phone-42_a");
  });

  test.each(["two words", "a".repeat(300), "<script>", '{"x":1}', "a;b", "é"])(
    "of the sender is left out when it is %s",
    async (id) => {
      const response = await app.request("/api/tickets", { headers: { "x-request-id": id } });
      expect((await expectProblem(response, 401, "unauthorized")).request_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers.get("x-client-request-id")).toBeNull();
    },
  );
});

test.each([
  ["GET", "/api/tickets"],
  ["GET", "/api/machines/1"],
  ["PATCH", "/api/machines/1"],
])("a database that does not answer makes %s %s a 503 that may be repeated", async (method, path) => {
  const lost = async () => {
    throw new Error(LOST_CONNECTION);
  };
  // The session is still found; the query of the route itself is lost.
  const statement = (): unknown => ({ bind: statement, all: lost, first: lost, run: lost, raw: lost });
  const { DB } = bindings();
  const prepare = (sql: string) => (/sessions|api_keys/.test(sql) ? DB.prepare(sql) : statement());
  const broken = startApp({}, bindings({ DB: { prepare, batch: lost, exec: lost } }));
  const body = method === "GET" ? undefined : { name: "Haas" };
  const response = await broken.request(path, send(await person("supervisor"), body, {}, method));
  expect(response.headers.get("retry-after")).toBe("1");
  await expectProblem(response, 503, "database_unavailable");
});

describe("the language", () => {
  const detail = async (headers: Record<string, string>, environment = bindings()) => {
    const response = await startApp({}, environment).request("/api/tickets", { headers });
    return {
      language: response.headers.get("content-language"),
      title: (await expectProblem(response, 401, "unauthorized")).title,
    };
  };
  const english = { language: "en", title: "Not signed in" };
  const french = { language: "fr", title: "Non connecté" };

  test.each([
    [{}, english],
    [{ "accept-language": "fr" }, french],
    [{ "accept-language": "fr-CA,fr;q=0.9,en;q=0.8" }, french],
    [{ "accept-language": "de, fr;q=0.3, en;q=0.2" }, french],
    [{ "accept-language": "en, fr;q=0.9" }, english],
    [{ "accept-language": "de" }, english],
    [{ "accept-language": "*" }, english],
    [{ "accept-language": "fr;q=0, en" }, english],
    [{ "accept-language": ";;;,,,q=" }, english],
    [{ "accept-language": "fr;q=x" }, english],
  ])("of %o", async (headers, expected) => {
    expect(await detail(headers)).toEqual(expected);
  });

  test("falls back to DEFAULT_LOCALE", async () => {
    const environment = bindings({ DEFAULT_LOCALE: "fr" });
    expect(await detail({}, environment)).toEqual(french);
    expect(await detail({ "accept-language": "de" }, environment)).toEqual(french);
    expect(await detail({ "accept-language": "en-GB" }, environment)).toEqual(english);
  });

  test("reaches validation, unknown paths and methods", async () => {
    const headers = { "accept-language": "fr" };
    const validation = await app.request("/api/tickets", send(technician, { title: "ab", machine_id }, headers));
    expect((await expectProblem(validation, 400, "validation_failed")).detail).toBe(
      "Un ou plusieurs champs sont invalides : title.",
    );
    const unknown = await app.request("/api/nothing", { headers });
    expect((await expectProblem(unknown, 404, "not_found")).title).toBe("Introuvable");
    const method = await app.request("/api/tickets", { method: "PUT", headers });
    expect((await expectProblem(method, 405, "method_not_allowed")).title).toBe("Méthode non permise");
  });

  test("is also that of an unknown address outside of /api", async () => {
    const response = await app.request("/elsewhere", { headers: { "accept-language": "fr" } });
    expect((await expectProblem(response, 404, "not_found")).title).toBe("Introuvable");
  });

  test("is chosen by the highest quality, the first of equals", () => {
    expect(negotiateLocale("fr;q=0.5,en;q=0.5", "en")).toBe("fr");
    expect(negotiateLocale("en;q=0.1,fr;q=0.2", "en")).toBe("fr");
    expect(negotiateLocale(undefined, "fr")).toBe("fr");
    expect(negotiateLocale("french", "en")).toBe("en");
  });
});

test.each(Object.entries(PROBLEMS))(
  "problem %s has a 4xx or 5xx status and different words in two languages",
  (_, { status, en, fr }) => {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    for (const text of [en.title, en.detail, fr.title, fr.detail]) expect(text).toMatch(/\S/);
    expect(fr.detail).not.toBe(en.detail);
    const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    expect(placeholders(fr.detail)).toEqual(placeholders(en.detail));
  },
);

test("problem codes are stable names", () => {
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
});

describe("headers", () => {
  test.each(["/api/health", "/api/tickets", "/api/nothing", "/elsewhere"])(
    "of %s keep browsers careful",
    async (path) => {
      const { headers } = await app.request(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("strict-transport-security")).toContain("max-age=");
    },
  );

  test.each([
    ["/api/tickets", "private, no-cache"],
    ["/api/tickets?status=received", "private, no-cache"],
    ["/api/machines", "private, no-cache"],
    ["/api/machine-types", "private, no-cache"],
    ["/api/health", "private, no-cache"],
    ["/api/openapi.json", "private, no-cache"],
    ["/problems", "private, no-cache"],
    ["/api/me", "no-store"],
    ["/api/users", "no-store"],
    ["/api/customers", "no-store"],
    ["/api/emails", "no-store"],
    ["/api/tickets/1/emails", "no-store"],
    ["/api/tickets.csv", "no-store"],
    ["/api/deliveries", "no-store"],
    ["/api/push/subscriptions", "no-store"],
    ["/api/auth/get-session", "no-store"],
    ["/api/tickets/999999", "no-store"],
    ["/api/nothing", "no-store"],
  ])("of %s say %s to caches", async (path, said) => {
    for (const by of [technician, null]) {
      const response = await app.request(path, send(by));
      const expected = response.ok ? said : "no-store";
      expect(response.headers.get("cache-control")).toBe(expected);
    }
  });

  test("allow no other site to read answers", async () => {
    const response = await app.request("/api/health", { headers: { origin: "https://evil.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("of a 401 say how to sign in", async () => {
    expect((await app.request("/api/tickets")).headers.get("www-authenticate")).toBe("Bearer");
    expect((await app.request("/api/tickets", send(null, {}))).headers.get("www-authenticate")).toBe("Bearer");
  });
});

test("health is public and names the version", async () => {
  const response = await app.request("/api/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
});

test("an error's text never repeats what was sent", async () => {
  const init = send(technician, { title: "x", machine_id, colour: "s3cret-value" }, { "x-other": "s3cret-value" });
  const problems = [
    await expectProblem(await app.request("/api/tickets", init), 400, "validation_failed"),
    await expectProblem(await app.request("/api/tickets?token=s3cret-value", init), 400, "unknown_parameter"),
  ];
  const text = JSON.stringify(problems);
  expect(text).not.toContain("s3cret-value");
  expect(text).not.toContain(unsigned(technician.token));
  expect(text).not.toContain(ORIGIN);
});
