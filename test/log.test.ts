import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { machine_types } from "../src/db/schema.ts";
import { readEnv } from "../src/env.ts";
import { createLogger, describeError } from "../src/log.ts";
import { unsigned } from "./auth/credentials.ts";
import { abortOn, collideAlways, dropFaults } from "./db/triggers.ts";
import { bindings, machine, PASSWORD, type Person, person, recordedSleep, send, startApp } from "./helpers.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
let lines: { level: string; text: string }[];
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});
beforeEach(() => {
  lines = [];
  for (const level of LEVELS) vi.spyOn(console, level).mockImplementation((text) => void lines.push({ level, text }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await dropFaults();
});

const app = startApp({ sleep: recordedSleep().sleep }, bindings({ LOG_LEVEL: "debug" }));
const logged = () => lines.map(({ text }) => JSON.parse(text) as Record<string, unknown>);

describe("a request", () => {
  test.each<[string, () => [path: string, init: RequestInit], number]>([
    ["read", () => ["/api/tickets?q=in-the-address", send(technician)], 200],
    ["creation", () => ["/api/tickets", send(technician, { title: "Alarm", machine_id })], 201],
    ["refusal", () => ["/api/tickets", send(technician, { title: "A", machine_id })], 400],
    ["stranger", () => ["/api/tickets", {}], 401],
    ["unknown path", () => ["/api/nothing", {}], 404],
    ["unknown method", () => ["/api/tickets", { method: "PUT" }], 405],
  ])("(%s) leaves one JSON line with its id, path, status and duration", async (_, request, status) => {
    const [path, init] = request();
    // Where a parameter that the route does not know would be refused, the address has none.
    const response = await app.request(status === 200 || status === 201 ? path : `${path}?secret=in-the-address`, init);
    expect(response.status).toBe(status);
    expect(logged()).toEqual([
      {
        level: "info",
        event: "request",
        request_id: response.headers.get("x-request-id"),
        method: init.method ?? "GET",
        path: path.split("?")[0],
        status,
        ms: expect.any(Number),
        ...([200, 201, 400].includes(status) && { user_id: technician.id }),
      },
    ]);
  });

  test("with an id of the client's own leaves that beside ours", async () => {
    const response = await app.request("/api/tickets", { headers: { "x-request-id": "phone-42_a" } });
    const request_id = response.headers.get("x-request-id");
    expect(request_id).not.toBe("phone-42_a");
    expect(logged()).toMatchObject([{ event: "request", request_id, client_request_id: "phone-42_a" }]);
    await app.request("/api/tickets", { headers: { "x-request-id": '{"x":1}' } });
    expect(logged().at(-1)).not.toHaveProperty("client_request_id");
  });

  test("that fails on our side leaves the reason under the same id", async () => {
    await abortOn("INSERT", "ticket_timeline");
    const response = await app.request("/api/tickets", send(technician, { title: "Confidential", machine_id }));
    expect(response.status).toBe(500);
    const [failure, request] = logged();
    const request_id = response.headers.get("x-request-id");
    expect(failure).toMatchObject({ level: "error", event: "internal_error", request_id });
    expect(failure?.message).toContain("injected fault");
    expect(request).toMatchObject({ level: "info", event: "request", request_id, status: 500 });
    expect(logged()).toHaveLength(2);
  });

  test("whose number collides leaves a warning for each try", async () => {
    await collideAlways(machine_id, technician.id);
    await app.request("/api/tickets", send(technician, { title: "Collision", machine_id }));
    const events = logged().map(({ level, event, attempt }) => [level, event, attempt]);
    expect(events).toEqual([
      ["warn", "ticket_id_collision", 1],
      ["warn", "ticket_id_collision", 2],
      ["error", "ticket_id_exhausted", undefined],
      ["info", "request", undefined],
    ]);
    expect(new Set(logged().map(({ request_id }) => request_id)).size).toBe(1);
  });
});

test("no line holds a credential or a text that somebody has typed", async () => {
  const typed = "Zerspanungsgeheimnis";
  const requests: [string, RequestInit][] = [
    ["/api/auth/sign-in/email", send(null, { email: technician.email, password: PASSWORD })],
    ["/api/auth/sign-in/email", send(null, { email: technician.email, password: typed })],
    ["/api/tickets", send(technician, { title: typed, machine_id }, { "idempotency-key": typed })],
    [
      "/api/tickets",
      send(technician, { title: typed, machine_id, description: "other" }, { "idempotency-key": typed }),
    ],
    ["/api/tickets", send(technician, { title: typed, machine_id: 9999 })],
    ["/api/tickets", { ...send(technician, {}), body: `{"${typed}` }],
    ["/api/tickets", send(null, undefined, { "x-api-key": typed, cookie: `shopfloor.session_token=${typed}` })],
    [`/api/tickets?cursor=${typed}`, send(technician)],
  ];
  await abortOn("INSERT", "machine_types");
  const supervisor = await person("supervisor");
  requests.push(["/api/machine-types", send(supervisor, { code: "CODE", name: typed })]);
  for (const [path, init] of requests) await app.request(path, init);
  expect(lines.length).toBeGreaterThanOrEqual(requests.length);
  const all = lines.map(({ text }) => text).join("\n");
  for (const secret of [
    typed,
    PASSWORD,
    unsigned(technician.token),
    unsigned(supervisor.token),
    readEnv(env).BETTER_AUTH_SECRET,
  ]) {
    expect(all).not.toContain(secret);
  }
});

describe("the logger", () => {
  test("writes one JSON object per line, with the base fields in each", () => {
    const log = createLogger("debug", { request_id: "r-1" });
    for (const level of LEVELS) log[level]("happened", { count: 1, text: "line\nbreak" });
    expect(lines.map(({ level, text }) => [level, text])).toEqual(
      LEVELS.map((level) => [
        level,
        `{"level":"${level}","event":"happened","request_id":"r-1","count":1,"text":"line\\nbreak"}`,
      ]),
    );
  });

  test.each([
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
    ["silent", 0],
  ] as const)("at level %s writes %i of four levels", (threshold, count) => {
    const log = createLogger(threshold, {});
    for (const level of LEVELS) log[level]("happened");
    expect(lines).toHaveLength(count);
  });

  test("redacts what sounds secret, at any depth, and nothing else", () => {
    const secret = "hush";
    createLogger("info", {}).info("happened", {
      password: secret,
      newPassword: secret,
      token: secret,
      access_token: secret,
      Authorization: secret,
      cookie: secret,
      "set-cookie": secret,
      "x-api-key": secret,
      apiKey: secret,
      BETTER_AUTH_SECRET: secret,
      vapid_private_key: secret,
      keys: { p256dh: secret, auth: secret },
      list: [{ webhook_signature: secret }, [{ passphrase: secret }]],
      deep: { a: { b: { c: { d: { e: secret } } } } },
      author: "kept",
      key_count: 2,
    });
    expect(lines[0]?.text).not.toContain(secret);
    expect(logged()[0]).toMatchObject({ author: "kept", key_count: 2, password: "[redacted]" });
  });
});

describe("describeError", () => {
  const db = drizzle(env.DB);
  const failed = async (promise: PromiseLike<unknown>) => {
    try {
      await promise;
    } catch (error) {
      return error as Error;
    }
    return expect.fail("nothing was thrown");
  };

  test("shows the database's words and never a query's parameters", async () => {
    const secret = "parameter-value-4711";
    const insert = db
      .insert(machine_types)
      .values({ id: 99, code: "cnc", name: secret, created_at: secret, updated_at: secret });
    const error = await failed(insert);
    expect(error.message).toContain(secret); // that is why it must not be logged
    const text = JSON.stringify(describeError(error));
    expect(text).not.toContain(secret);
    expect(describeError(error).message).toContain("CHECK constraint failed");
    const select = db.select().from(machine_types).where(eq(machine_types.code, secret)).limit(-1);
    expect(JSON.stringify(describeError(await failed(db.batch([select, insert]))))).not.toContain(secret);
  });

  test("shows where it happened, without the message inside the stack", () => {
    const error = new Error("outer secret", { cause: new Error("inner reason") });
    expect(describeError(error)).toMatchObject({ error: "Error", message: "inner reason" });
    expect(JSON.stringify(describeError(error))).not.toContain("outer secret");
    error.cause = error;
    expect(describeError(error)).toMatchObject({ error: "Error", message: "outer secret" });
    expect(describeError(error).stack).toEqual(expect.arrayContaining([expect.stringMatching(/^\s+at /)]));
  });

  test("survives whatever was thrown", () => {
    for (const thrown of ["text", 42, null, undefined, { message: "no error" }]) {
      expect(describeError(thrown)).toEqual({ error: typeof thrown });
    }
    expect(String(describeError(new Error("x".repeat(10_000))).message)).toHaveLength(500);
  });
});
