import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "../../src/actor.ts";
import { sentToken, signed } from "../../src/auth/session-token.ts";
import { readEnv } from "../../src/env.ts";
import type { Role } from "../../src/vocabulary/roles.ts";
import { beforeTrip } from "../db/trips.ts";
import { bindings, execute, machine, type Person, person, queryAll, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { subscriptionKeys } from "../push/subscription-keys.ts";
import { createdTicket } from "../tickets/api.ts";
import { bearer, headers, unsigned } from "./credentials.ts";

// Whose a session is, the isolate or the token says before the first trip, which checks it. Here it is something else by
// then.

const app = startApp();
let machine_id: number;

beforeAll(async () => {
  machine_id = await machine("CNC");
});

/** A token that says nothing of its session. */
const bare = (token: string): string => signed(readEnv(env), unsigned(token));

/** A person whom this isolate knows by their token, which does not say it. */
async function known(role: Role): Promise<Person> {
  const newcomer = await person(role);
  const someone = { ...newcomer, token: bare(newcomer.token) };
  expect((await app.request("/api/me", send(someone))).status).toBe(200);
  return someone;
}

/** Sends a request before whose first trip something happens. */
async function overtaken(path: string, init: RequestInit, act: () => Promise<unknown>) {
  const { database: DB, trips } = beforeTrip(1, act);
  const response = await startApp({}, bindings({ DB })).request(path, init);
  return { response, trips: trips() };
}

const title = "Spindle vibrates";
const json = (text: string, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: text,
});

/** A body that is too long, of a length that nobody has announced. */
const endless = (someone: Person): RequestInit => ({
  ...json("", bearer(someone.token)),
  body: new ReadableStream({
    start(controller) {
      for (let piece = 0; piece < 5; piece++) controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      controller.close();
    },
  }),
});

const REQUESTS: [what: string, path: string, init: (someone: Person) => RequestInit][] = [
  ["a read", "/api/tickets", (someone) => send(someone)],
  ["a read by the query builder", "/api/machine-types", (someone) => send(someone)],
  ["a read of what is not there", "/api/tickets/99999", (someone) => send(someone)],
  ["an answer without a trip", "/api/push/vapid-public-key", (someone) => send(someone)],
  ["a refused permission", "/api/users", (someone) => send(someone)],
  ["an unknown parameter", "/api/tickets?colour=red", (someone) => send(someone)],
  ["no JSON", "/api/tickets", (someone) => json("{", bearer(someone.token))],
  ["an endless body", "/api/tickets", endless],
  ["a creation", "/api/tickets", (someone) => send(someone, { title, machine_id })],
  [
    "a creation under a key",
    "/api/tickets",
    (someone) => send(someone, { title, machine_id }, { "idempotency-key": "k" }),
  ],
  ["a change", "/api/tickets/1", (someone) => send(someone, { title }, {}, "PATCH")],
  ["a change of one's own", "/api/me", (someone) => send(someone, { name: "Zoe" }, {}, "PATCH")],
  [
    "a device",
    "/api/push/subscriptions",
    (someone) =>
      send(someone, {
        subscription: { endpoint: `https://fcm.googleapis.com/fcm/send/${someone.id}`, keys: subscriptionKeys().keys },
      }),
  ],
  ["a file", "/api/tickets/1/attachments", (someone) => send(someone, {})],
];

const REVOCATIONS = [
  ["was deleted", (user: Person) => `DELETE FROM sessions WHERE user_id = ${user.id}`],
  ["is of a disabled person", (user: Person) => `UPDATE users SET active = 0 WHERE id = ${user.id}`],
  [
    "has expired",
    (user: Person) => `UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE user_id = ${user.id}`,
  ],
] as const;

describe.each(REVOCATIONS)("a known session that %s meanwhile", (_, revoke) => {
  test.each(REQUESTS)("is refused %s, which changes nothing", async (_, path, init) => {
    const someone = await known("technician");
    let before = {};
    const { response } = await overtaken(path, init(someone), async () => {
      await execute(revoke(someone));
      before = await rowCounts();
    });
    await expectProblem(response, 401, "unauthorized");
    expect(await rowCounts()).toEqual(before);
  });
});

describe("a person whose role has changed meanwhile", () => {
  const becomes = (someone: Person, role: Role) => () =>
    execute(`UPDATE users SET role = '${role}' WHERE id = ${someone.id}`);
  const TYPE = { code: "NEWT", name: "New type" };

  test("may what the new role may", async () => {
    const read = await known("operator");
    expect((await overtaken("/api/customers", send(read), becomes(read, "supervisor"))).response.status).toBe(200);
    const write = await known("operator");
    const { response } = await overtaken("/api/machine-types", send(write, TYPE), becomes(write, "supervisor"));
    expect(response.status).toBe(201);
    // Once, and from then on as usual.
    expect(await queryAll("SELECT 1 FROM machine_types WHERE code = 'NEWT'")).toHaveLength(1);
    expect((await app.request("/api/customers", send(write))).status).toBe(200);
  });

  test("may nothing that only the old one might", async () => {
    const someone = await known("supervisor");
    let before = {};
    const body = { ...TYPE, code: "OLDT" };
    const { response } = await overtaken("/api/machine-types", send(someone, body), async () => {
      await becomes(someone, "operator")();
      before = await rowCounts();
    });
    await expectProblem(response, 403, "forbidden");
    expect(await rowCounts()).toEqual(before);
  });

  test("is refused for a body only when they may send one", async () => {
    for (const [from, to, status, code] of [
      ["operator", "supervisor", 413, "payload_too_large"],
      ["supervisor", "operator", 403, "forbidden"],
    ] as const) {
      const someone = await known(from);
      const { response } = await overtaken("/api/machine-types", endless(someone), becomes(someone, to));
      await expectProblem(response, status, code);
    }
  });
});

test("a person renamed meanwhile writes under the new name, once", async () => {
  const someone = await known("technician");
  const rename = () => execute(`UPDATE users SET name = 'Renée Roy' WHERE id = ${someone.id}`);
  const { response } = await overtaken("/api/tickets", send(someone, { title, machine_id }), rename);
  const { id, reporter_name } = await createdTicket(response);
  expect(reporter_name).toBe("Renée Roy");
  expect(await queryAll("SELECT id FROM tickets WHERE reported_by = ?", someone.id)).toEqual([{ id }]);
  expect(await queryAll("SELECT action FROM ticket_timeline WHERE user_id = ?", someone.id)).toEqual([
    { action: "created" },
  ]);
});

describe("what a token says of its session", () => {
  let someone: Person;
  let actor: Actor;

  beforeEach(async () => {
    someone = await person("operator");
    const [row] = await queryAll<Actor>(
      `SELECT s.id AS sessionId, u.id, u.name, u.email, u.role, u.language
       FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.id = ?`,
      someone.id,
    );
    if (!row) throw new Error("no session");
    actor = row;
  });

  /** The trips of a read of a new isolate, as far as this token goes: its session is one that none has seen. */
  async function tripsOf(token: string, path = "/api/tickets") {
    const { database: DB, trips } = beforeTrip(0, async () => undefined);
    const response = await startApp({}, bindings({ DB })).request(path, headers(bearer(token)));
    return { status: response.status, trips: trips() };
  }
  const token = (claims: Partial<Actor>) => sentToken(readEnv(env), unsigned(someone.token), { ...actor, ...claims });

  test("saves a new isolate the trip that asks whose it is", async () => {
    expect(await tripsOf(token({}))).toEqual({ status: 200, trips: 1 });
    expect(await tripsOf(token({}))).toEqual({ status: 200, trips: 1 });
  });

  test("is missing in a token of before: that costs a trip, once an isolate", async () => {
    expect(await tripsOf(bare(someone.token))).toEqual({ status: 200, trips: 2 });
    expect(await tripsOf(bare(someone.token))).toEqual({ status: 200, trips: 1 });
  });

  test("opens nothing, were it forged with the Worker's own signature", async () => {
    const other = await person("admin");
    for (const claims of [{ role: "admin" as const }, { id: other.id }, { id: other.id, role: "admin" as const }]) {
      expect(await tripsOf(token(claims), "/api/users")).toMatchObject({ status: 403 });
    }
    const me = await app.request("/api/me", headers(bearer(token({ id: other.id, name: "Admin", sessionId: 1 }))));
    expect(await me.json()).toMatchObject({ user: { id: someone.id, role: "operator" } });
    const text = `unknown.${token({}).split(".")[1]}`;
    expect(await tripsOf(signed(readEnv(env), text))).toMatchObject({ status: 401 });
  });

  test("is not believed under another signature, or with a session of its own", async () => {
    const secret = { BETTER_AUTH_SECRET: "another-secret-that-nobody-knows-0123456789" };
    const claims = token({ role: "admin" }).split(".").slice(0, 2).join(".");
    for (const forged of [signed(secret, claims), `${claims}.`, claims, `${claims}.${someone.token.split(".")[1]}`]) {
      expect(await tripsOf(forged)).toEqual({ status: 401, trips: 0 });
    }
  });

  test("is passed over where it cannot be read", async () => {
    const session = unsigned(someone.token);
    for (const claims of ["", "e30", "bm90IGpzb24", "W10", "W251bGxd"]) {
      expect(await tripsOf(signed(readEnv(env), `${session}.${claims}`))).toMatchObject({ status: 200 });
    }
  });

  test("fits for the longest name and address", async () => {
    const name = "🔩".repeat(100);
    const email = `${"a".repeat(64)}@${"b".repeat(185)}.com`;
    await env.DB.prepare("UPDATE users SET name = ?, email = ? WHERE id = ?").bind(name, email, someone.id).run();
    expect(await tripsOf(token({ name, email }))).toEqual({ status: 200, trips: 1 });
  });
});
