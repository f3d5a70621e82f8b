import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { PROBLEMS, type ProblemCode } from "../../src/problem.ts";
import { PAGES } from "../../src/web/pages.ts";
import { ORIGIN, startApp } from "../helpers.ts";

interface Media {
  schema?: Schema;
}
interface Schema {
  $ref?: string;
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  enum?: unknown[];
}
interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}
interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  operationId?: string;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string; license?: { name: string }; contact?: { name: string } };
  tags: { name: string; description: string }[];
  security?: Record<string, string[]>[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    headers: Record<string, unknown>;
    securitySchemes: Record<string, unknown>;
  };
}

const app = startApp();
const document = (await (await app.request("/api/openapi.json")).json()) as Document;

const OPERATIONS = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);
// What describes the API is not part of it, nor are the pages for people who follow a link.
const UNLISTED = [
  "GET /api/docs",
  "GET /api/openapi.json",
  "GET /problems",
  "GET /problems/{code}",
  "GET /t/{token}",
  "GET /u/{link}",
  "POST /u/{link}",
];

test("the document is OpenAPI 3.1 and says what it describes", () => {
  expect(document.openapi).toMatch(/^3\.1\.\d$/);
  expect(document.info).toMatchObject({ title: "Shopfloor Tickets", license: { name: "MIT" } });
  expect(document.info.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Object.keys(document.components.securitySchemes).sort()).toEqual(["apiKey", "bearer", "cookie"]);
});

test("it is served as JSON, to everybody", async () => {
  const response = await app.request("/api/openapi.json");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
});

test("it is made once, and not sent again to who has it", async () => {
  const served = createApp();
  const made = vi.spyOn(served, "getOpenAPI31Document");
  const ask = (tag = '""') => served.request("/api/openapi.json", { headers: { "if-none-match": tag } }, env);
  const [first, second] = [await ask(), await ask()];
  expect(await second.text()).toBe(await first.text());
  expect(made).toHaveBeenCalledTimes(1);
  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[\w-]{27}"$/);
  const third = await ask(tag);
  expect([third.status, await third.text(), third.headers.get("etag")]).toEqual([304, "", tag]);
  expect((await ask('"of another deployment"')).status).toBe(200);
});

test("it holds every route of the application, and no other", () => {
  const routes = createApp().routes.filter(({ method }) => method !== "ALL");
  const served = new Set(routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`));
  const documented = OPERATIONS.map(({ name }) => name);
  const pages = Object.values(PAGES).map(({ path }) => `GET ${path.replace(/:(\w+)/g, "{$1}")}`);
  expect([...documented, ...UNLISTED, ...pages].sort()).toEqual([...served].sort());
});

/** Every `$ref` below a value. */
function* references(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "$ref" && typeof inner === "string") yield inner;
    else yield* references(inner);
  }
}

test("every reference leads somewhere, and every schema and header is used", () => {
  const used = new Set(references(document));
  const { schemas, headers } = document.components;
  const there = Object.entries({ schemas, headers }).flatMap(([kind, named]) =>
    Object.keys(named).map((name) => `#/components/${kind}/${name}`),
  );
  expect([...used].sort()).toEqual(there.sort());
});

test("no schema is broken: types are names of JSON Schema 2020-12, required members exist", () => {
  const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];
  const check = (value: unknown, place: string) => {
    if (typeof value !== "object" || value === null) return;
    const schema = value as Schema & { nullable?: unknown };
    expect(schema, place).not.toHaveProperty("nullable");
    if (typeof schema.type === "string" && place.includes("chema")) expect(TYPES, place).toContain(schema.type);
    if (Array.isArray(schema.type)) for (const type of schema.type) expect(TYPES, place).toContain(type);
    if (schema.properties && Array.isArray(schema.required)) {
      expect(Object.keys(schema.properties), place).toEqual(expect.arrayContaining(schema.required));
    }
    for (const [name, inner] of Object.entries(value)) check(inner, `${place}/${name}`);
  };
  check(document.components.schemas, "schemas");
  check(document.paths, "paths");
});

/** The problems that follow from what an operation takes, whatever it does. */
function expectedCodes(name: string, operation: Operation): ProblemCode[] {
  const codes: ProblemCode[] = ["unknown_parameter"];
  const has = (parameter: string) => operation.parameters?.some((known) => known.name === parameter);
  if (operation.security?.length !== 0) {
    codes.push("unauthorized", "signed_in_as_other");
    if (!name.startsWith("GET")) codes.push("cross_origin_request");
  }
  if (operation.requestBody) codes.push("payload_too_large", "incomplete_body");
  if (operation.requestBody && !(name in FILE_BODIES) && operation.security?.length !== 0) {
    codes.push("invalid_json", "invalid_text", "validation_failed", "unsupported_media_type");
  }
  if (has("id") || has("limit")) codes.push("validation_failed");
  if (has("cursor")) codes.push("invalid_cursor");
  if (has("idempotency-key")) codes.push("invalid_idempotency_key", "idempotency_key_reused");
  return codes;
}

const VERBS =
  "acknowledge add attach clean create delete download export get import list receive replace resume retry rotate " +
  "send sign sync test update";

test("operations have a name each, and every tag is described and used", () => {
  const names = OPERATIONS.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  const used = new Set(OPERATIONS.flatMap(({ operation }) => operation.tags));
  expect(document.tags.map(({ name }) => name).sort()).toEqual([...used].sort());
  for (const { description } of document.tags) expect(description).toMatch(/^[A-Z].*[.]$/);
});

const FILE_BODIES: Record<string, string> = {
  "POST /api/tickets/{ref}/attachments": "multipart/form-data",
  "POST /api/tickets/import": "text/csv",
};

/** What may be sent without a body, as it was before it could have one. */
const OPTIONAL_BODIES = ["POST /api/tickets/{ref}/acknowledge"];

describe.each(OPERATIONS.filter(({ operation }) => operation.requestBody))(
  "the body of $name",
  ({ name, operation }) => {
    const file = FILE_BODIES[name];
    test("is JSON of a named schema, or a file, and must mostly be there", () => {
      expect(operation.requestBody?.required).toBe(!OPTIONAL_BODIES.includes(name));
      if (file) return expect(Object.keys(operation.requestBody?.content ?? {})).toEqual([file]);
      expect(Object.keys(operation.requestBody?.content ?? {})).toEqual(["application/json"]);
      expect(operation.requestBody?.content["application/json"]?.schema?.$ref).toMatch(/Input$/);
    });
  },
);

describe.each(OPERATIONS)("$name", ({ name, path, operation }) => {
  const statuses = Object.keys(operation.responses);
  const isPublic = operation.security?.length === 0;

  test("says what it does, in whose group", () => {
    expect(operation.summary).toMatch(/^[A-Z][^.]{5,79}$/);
    expect(operation.description).toMatch(/^[`A-Z].*[.]$/s);
    expect(operation.tags).toHaveLength(1);
  });

  test("has a name for generated clients: a verb and a noun", () => {
    const verb = /^[a-z]+/.exec(operation.operationId ?? "")?.[0] ?? "";
    expect(VERBS.split(" ")).toContain(verb);
    expect(operation.operationId).toMatch(/^[a-z]+([A-Z][a-z]+)+$/);
  });

  test("has an answer for success, and describes every answer", () => {
    // A file may be asked for in parts, and a contact method may have been there before.
    const two = ["GET /api/attachments/{id}", "POST /api/customers/{id}/contact-methods"];
    const successes = two.includes(name) ? 2 : 1;
    expect(statuses.filter((status) => status.startsWith("2"))).toHaveLength(successes);
    for (const { description } of Object.values(operation.responses)) expect(description).toMatch(/\S/);
  });

  test("answers every error as problem+json with codes that exist", () => {
    for (const [status, { content, description }] of Object.entries(operation.responses)) {
      if (status < "400") continue;
      expect(Object.keys(content ?? {})).toEqual(["application/problem+json"]);
      expect(content?.["application/problem+json"]?.schema).toEqual({ $ref: "#/components/schemas/Problem" });
      const codes = [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code as keyof typeof PROBLEMS);
      expect(codes.length).toBeGreaterThan(0);
      for (const code of codes) expect(PROBLEMS[code]?.status).toBe(Number(status));
    }
  });

  test("names its path parameters, all of them required", () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(declared.map((parameter) => parameter.name)).toEqual(inPath);
    for (const parameter of declared) expect(parameter.required).toBe(true);
    for (const { schema } of operation.parameters ?? []) expect(schema?.type).toBeDefined();
  });

  test("documents every error that its kind of request can meet", () => {
    const documented = Object.values(operation.responses).flatMap(({ description }) =>
      [...description.matchAll(/`(\w+)`:/g)].map(([, code]) => code),
    );
    expect(expectedCodes(name, operation).filter((code) => !documented.includes(code))).toEqual([]);
  });

  test("is open to everybody only where the contract says so", () => {
    const open = [
      "GET /api/health",
      "GET /api/auth/get-session",
      "POST /api/auth/sign-in/email",
      "POST /api/stripe/webhook",
    ];
    expect(isPublic).toBe(open.includes(name));
  });
});

test("the schema of a ticket names the members of the contract", () => {
  const members =
    "id ticket_id title description status priority machine_id machine_type machine_name customer_id reported_by " +
    "reporter_name assigned_to assignee_name is_machine_down scheduled_date reported_at acknowledged_at " +
    "acknowledged_by completed_at created_at updated_at version";
  const ticket = document.components.schemas.Ticket;
  expect(Object.keys(ticket?.properties ?? {})).toEqual(members.split(" "));
  expect(ticket?.required).toEqual(members.split(" "));
});

test("the schema of a problem knows every code", () => {
  expect(document.components.schemas.Problem?.properties?.code?.enum).toEqual(Object.keys(PROBLEMS));
});

describe("/api/docs", () => {
  test("refers to nothing but this site's own files", async () => {
    const response = await app.request("/api/docs");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    const html = await response.text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(0);
    // An empty icon of its own keeps browsers from asking for /favicon.ico.
    expect(addresses).toContain("data:,");
    for (const address of addresses.filter((address) => address !== "data:,")) {
      expect(address).toMatch(/^\/docs-assets\/[\w.-]+$/);
      const asset = await env.ASSETS.fetch(ORIGIN + address);
      expect(asset.status).toBe(200);
      await asset.body?.cancel();
    }
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script>|<style>| on\w+=/);
  });

  test("follows the colours that the reader prefers", async () => {
    expect(await (await app.request("/api/docs")).text()).toContain('<meta name="color-scheme" content="light dark">');
    const script = await (await env.ASSETS.fetch(`${ORIGIN}/docs-assets/init.js`)).text();
    expect(script).toContain("prefers-color-scheme: dark");
    const styles = await (await env.ASSETS.fetch(`${ORIGIN}/docs-assets/swagger-ui.css`)).text();
    expect(styles).toContain("html.dark-mode .swagger-ui");
  });

  test("is allowed to load from this site only", async () => {
    const policy = (await app.request("/api/docs")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
  });
});
