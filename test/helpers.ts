import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Actor } from "../src/actor.ts";
import { createApp } from "../src/app.ts";
import { sentToken } from "../src/auth/session-token.ts";
import { type Bindings, readEnv } from "../src/env.ts";
import type { Role } from "../src/vocabulary/roles.ts";
import { realWorld, type World } from "../src/world.ts";

export const ORIGIN = "https://shop.example";
export const PASSWORD = env.TEST_PASSWORD.text;

export interface Person {
  id: number;
  email: string;
  /** As it is sent: with whose it is, and its signature. */
  token: string;
}

/** Settings and bindings of the tests with some of them replaced. */
export const bindings = (overrides: Record<string, unknown> = {}): Bindings => ({ ...env, ...overrides });

/** The whole application, with parts of the outside world in the test's hands. */
export function startApp(world: Partial<World> = {}, environment: Bindings = env) {
  const app = createApp({ ...realWorld, ...world });
  return {
    async request(path: string, init: RequestInit = {}): Promise<Response> {
      const execution = createExecutionContext();
      const response = await app.fetch(new Request(ORIGIN + path, init), environment, execution);
      await waitOnExecutionContext(execution);
      return response;
    },
  };
}

export type App = ReturnType<typeof startApp>;

/** A clock that stands still. */
export const at = (instant: string) => ({ now: () => new Date(instant) });

/** Waits that take no time; `waits` lists how many milliseconds each should have taken. */
export function recordedSleep() {
  const waits: number[] = [];
  return { waits, sleep: async (ms: number) => void waits.push(ms) };
}

/** Request options for a JSON body sent by `person`. */
export function send(
  person: Person | null,
  body?: unknown,
  headers: Record<string, string> = {},
  method = body === undefined ? "GET" : "POST",
): RequestInit {
  return {
    method,
    headers: {
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

export async function execute(...statements: string[]): Promise<void> {
  await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)));
}

export async function queryAll<Row>(sql: string, ...params: unknown[]): Promise<Row[]> {
  return (
    await env.DB.prepare(sql)
      .bind(...params)
      .all<Row>()
  ).results;
}

let people = 0;

/**
 * Adds an account with PASSWORD and a session that outlives every clock that a test may set.
 * Signing in through the API has tests of its own; here it would cost two slow hashes per person.
 */
export async function person(role: Role, name = `${role} ${++people}`): Promise<Person> {
  const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".")}@shop.example`;
  const token = crypto.randomUUID().replaceAll("-", "");
  const at = "2026-01-01T00:00:00.000Z";
  const newest = "SELECT MAX(id) FROM users";
  await execute(
    `INSERT INTO users (name, email, role, created_at, updated_at) VALUES ('${name}', '${email}', '${role}', '${at}', '${at}')`,
    `INSERT INTO accounts (user_id, account_id, provider_id, password, created_at, updated_at)
     SELECT id, CAST(id AS TEXT), 'credential', '${env.TEST_PASSWORD.hash}', '${at}', '${at}' FROM users WHERE id = (${newest})`,
    `INSERT INTO sessions (user_id, token, expires_at, created_at, updated_at)
     SELECT id, '${token}', '2099-01-01T00:00:00.000Z', '${at}', '${at}' FROM users WHERE id = (${newest})`,
  );
  const [actor] = await queryAll<Actor>(
    `SELECT s.id AS sessionId, u.id, u.name, u.email, u.role, u.language
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token = ?`,
    token,
  );
  if (!actor) throw new Error("no session");
  return { id: actor.id, email, token: sentToken(readEnv(env), token, actor) };
}

/** Adds a machine (and its type, when new); returns the machine's id. */
export async function machine(code = "CNC", name = `${code} machine`): Promise<number> {
  const at = "2026-01-01T00:00:00.000Z";
  const qr = crypto.randomUUID().replaceAll("-", "").slice(0, 22);
  await execute(
    `INSERT INTO machine_types (code, name, created_at, updated_at) VALUES ('${code}', '${code}', '${at}', '${at}')
     ON CONFLICT DO NOTHING`,
    `INSERT INTO machines (machine_type_id, name, qr_token, created_at, updated_at)
     SELECT id, '${name}', '${qr}', '${at}', '${at}' FROM machine_types WHERE code = '${code}'`,
  );
  const [row] = await queryAll<{ id: number }>("SELECT MAX(id) AS id FROM machines");
  return row?.id ?? 0;
}

/** How many rows each table holds, to show that a refused request has written nothing. */
export async function rowCounts(): Promise<Record<string, number>> {
  const tables = await queryAll<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  );
  const counts = await env.DB.batch<{ n: number }>(
    tables.map(({ name }) => env.DB.prepare(`SELECT COUNT(*) AS n FROM "${name}"`)),
  );
  return Object.fromEntries(tables.map(({ name }, index) => [name, counts[index]?.results[0]?.n ?? 0]));
}
