import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headers } from "../auth/credentials.ts";
import { beforeTrip } from "../db/trips.ts";
import { countedDatabase } from "../deliveries/counted-database.ts";
import {
  at,
  bindings,
  execute,
  machine,
  type Person,
  person,
  queryAll,
  rowCounts,
  send,
  startApp,
} from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { makeApiKey } from "../users/api.ts";

// What a request by an API key costs, and what becomes of one whose key ends meanwhile.

const app = startApp();
let admin: Person;
let machine_id: number;
let owner: Person;
let key: Record<string, string>;

beforeAll(async () => {
  admin = await person("admin");
  machine_id = await machine("CNC");
});
beforeEach(async () => {
  owner = await person("technician");
  key = await makeApiKey(app, admin, owner);
});

const lastRequest = async () => {
  const { api_keys } = (await (await app.request("/api/api-keys?limit=100", send(admin))).json()) as {
    api_keys: { user_id: number; last_request: string | null }[];
  };
  return api_keys.find(({ user_id }) => user_id === owner.id)?.last_request;
};

test("the first request of an isolate takes one trip more, those after it none", async () => {
  const counted = countedDatabase(env.DB);
  const on = startApp({}, bindings({ DB: counted.database }));
  const trips = async (init: RequestInit, path = "/api/tickets") => {
    counted.take();
    expect((await on.request(path, init)).status).toBeLessThan(300);
    const { trips, rowsWritten } = counted.take();
    return { trips, isWriting: rowsWritten > 0 };
  };
  // The note of its use is a third, which no answer waits for.
  expect(await trips(headers(key))).toEqual({ trips: 3, isWriting: true });
  expect(await trips(headers(key))).toEqual({ trips: 1, isWriting: false });
  expect(await trips(headers(key), "/api/me")).toEqual({ trips: 1, isWriting: false });
  expect(await trips(send(null, { title: "From the ERP", machine_id }, key))).toEqual({ trips: 1, isWriting: true });
});

test("its use is noted once a minute, however many requests there are", async () => {
  await execute(
    "CREATE TABLE notes (at TEXT)",
    `CREATE TRIGGER noted AFTER UPDATE ON api_keys WHEN new.user_id = ${owner.id}
     BEGIN INSERT INTO notes VALUES (new.last_request); END`,
  );
  const use = async (instant: string) => {
    const on = startApp(at(instant));
    const answers = await Promise.all(Array.from({ length: 5 }, () => on.request("/api/tickets", headers(key))));
    for (const { status } of answers) expect(status).toBe(200);
  };
  for (const second of ["00.000", "30.000", "59.999"]) await use(`2026-11-20T15:00:${second}Z`);
  expect(await lastRequest()).toBe("2026-11-20T15:00:00.000Z");
  await use("2026-11-20T15:01:00.000Z");
  expect(await lastRequest()).toBe("2026-11-20T15:01:00.000Z");
  expect(await queryAll("SELECT at FROM notes")).toHaveLength(2);
  await execute("DROP TRIGGER noted", "DROP TABLE notes");
});

test("a note that the database refuses fails no request", async () => {
  const { database: DB } = beforeTrip(2, () => Promise.reject(new Error("D1_ERROR: Network connection lost")));
  expect((await startApp({}, bindings({ DB })).request("/api/tickets", headers(key))).status).toBe(200);
  expect(await lastRequest()).toBeNull();
});

describe("a key that ends just before the trip of a request", () => {
  test.each([
    ["deleted", () => `DELETE FROM api_keys WHERE user_id = ${owner.id}`],
    ["disabled", () => `UPDATE api_keys SET enabled = 0 WHERE user_id = ${owner.id}`],
    ["expired", () => `UPDATE api_keys SET expires_at = '2020-01-01T00:00:00.000Z' WHERE user_id = ${owner.id}`],
    ["of a disabled person", () => `UPDATE users SET active = 0 WHERE id = ${owner.id}`],
  ])("%s: neither reads nor writes", async (_, end) => {
    expect((await app.request("/api/me", headers(key))).status).toBe(200);
    const requests = [headers(key), send(null, { title: "From the ERP", machine_id }, key)];
    for (const [index, init] of requests.entries()) {
      let before = {};
      const { database: DB } = beforeTrip(1, async () => {
        if (index === 0) await execute(end());
        before = await rowCounts();
      });
      const response = await startApp({}, bindings({ DB })).request("/api/tickets", init);
      await expectProblem(response, 401, "unauthorized");
      expect(await rowCounts()).toEqual(before);
    }
  });

  test("its person's role changed: it acts in the new one", async () => {
    expect((await app.request("/api/me", headers(key))).status).toBe(200);
    const { database: DB } = beforeTrip(1, () =>
      execute(`UPDATE users SET role = 'supervisor' WHERE id = ${owner.id}`),
    );
    expect((await startApp({}, bindings({ DB })).request("/api/customers", headers(key))).status).toBe(200);
  });
});

describe("the limit of 600 requests a minute", () => {
  const limited = (limit: RateLimit["limit"]) => startApp({}, bindings({ API_KEY_REQUESTS: { limit } }));

  test("is counted by key, and says when to come back", async () => {
    const counted: string[] = [];
    const on = limited(async ({ key }) => ({ success: counted.push(key) < 3 }));
    for (const _ of [1, 2]) expect((await on.request("/api/me", headers(key))).status).toBe(200);
    const response = await on.request("/api/me", headers(key));
    expect(response.headers.get("retry-after")).toBe("60");
    await expectProblem(response, 429, "too_many_requests");
    // Under the digest that the database holds, never under the key.
    const [row] = await queryAll<{ key: string }>("SELECT key FROM api_keys WHERE user_id = ?", owner.id);
    expect(new Set(counted)).toEqual(new Set([row?.key]));
  });

  test("goes to the database for nothing once it is reached, and concerns no session", async () => {
    const { database: DB, trips } = beforeTrip(0, async () => undefined);
    const on = startApp({}, bindings({ DB, API_KEY_REQUESTS: { limit: async () => ({ success: false }) } }));
    await expectProblem(await on.request("/api/tickets", headers(key)), 429, "too_many_requests");
    expect(trips()).toBe(0);
    expect((await on.request("/api/me", send(owner))).status).toBe(200);
  });

  test("is what wrangler.toml says", async () => {
    const allowed = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, () => env.API_KEY_REQUESTS.limit({ key: "some key" })),
      );
      return answers.filter(({ success }) => success).length;
    };
    expect(await allowed(600)).toBe(600);
    // A new minute may begin meanwhile.
    expect(await allowed(1200)).toBeLessThanOrEqual(600);
  });
});
