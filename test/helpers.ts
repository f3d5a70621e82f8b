import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { insertUserSql } from "../scripts/lib/users.ts";
import { createApp } from "../src/app.ts";
import type { Role } from "../src/auth/roles.ts";
import { realWorld, type World } from "../src/context.ts";

export const ORIGIN = "https://shop.example";
export const PASSWORD = "correct horse battery";

export interface Person {
  id: number;
  email: string;
  token: string;
}

/** The whole application, with parts of the outside world in the test's hands. */
export function startApp(world: Partial<World> = {}) {
  const app = createApp({ ...realWorld, ...world });
  return {
    async request(path: string, init: RequestInit = {}): Promise<Response> {
      const execution = createExecutionContext();
      const response = await app.fetch(new Request(ORIGIN + path, init), env, execution);
      await waitOnExecutionContext(execution);
      return response;
    },
  };
}

export type App = ReturnType<typeof startApp>;

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

/** Adds an account and signs it in through the API. Its session outlives every clock that a test may set. */
export async function person(role: Role, name = `${role} ${++people}`): Promise<Person> {
  const email = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, ".")}@shop.example`;
  await execute(...(await insertUserSql({ email, name, role, password: PASSWORD })));
  const response = await startApp().request("/api/auth/sign-in/email", send(null, { email, password: PASSWORD }));
  const { token, user } = (await response.json()) as { token: string; user: { id: number } };
  await env.DB.prepare("UPDATE sessions SET expires_at = '2099-01-01T00:00:00.000Z' WHERE token = ?").bind(token).run();
  return { id: user.id, email, token };
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
