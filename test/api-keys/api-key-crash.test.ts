import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { headers } from "../auth/credentials.ts";
import { breakingConnection, LOST_CONNECTION } from "../db/connection.ts";
import { unavailableAt } from "../db/unavailable.ts";
import { bindings, type Person, person, queryAll, recordedSleep, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

// A key that was made and never told opens the door to nobody knows whom.

const app = startApp();
const { sleep } = recordedSleep();
let admin: Person;

beforeAll(async () => {
  admin = await person("admin");
});

const making = (name: string) => send(admin, { name, user_id: admin.id }, { "idempotency-key": name });
const keysNamed = (name: string) => queryAll("SELECT id FROM api_keys WHERE name = ?", name);

/** The key that an answer shows; it works, and is the only one of its name. */
async function onlyKey(response: Response, name: string): Promise<string> {
  expect(response.status).toBe(201);
  const { api_key } = (await response.json()) as { api_key: { id: number; key: string } };
  expect(await keysNamed(name)).toEqual([{ id: api_key.id }]);
  expect((await app.request("/api/me", headers({ "x-api-key": api_key.key }))).status).toBe(200);
  return api_key.key;
}

test.each([LOST_CONNECTION, "D1_ERROR: D1 DB is overloaded.", "D1_ERROR: something unheard of"])(
  "whichever trip ends in '%s', the repeat shows the only key there is",
  async (message) => {
    let trip = 1;
    for (let isOver = false; !isOver; trip++) {
      const name = `${trip}-${message.replaceAll(/\W+/g, "-")}`.slice(0, 32);
      const { database: DB, trips } = unavailableAt(trip, message);
      await startApp({ sleep }, bindings({ DB })).request("/api/api-keys", making(name));
      isOver = trips() < trip;
      await onlyKey(await app.request("/api/api-keys", making(name)), name);
    }
    expect(trip).toBeGreaterThan(2);
  },
);

test("a key whose answer got lost on the way from the database is shown all the same", async () => {
  const { database: DB, batches } = breakingConnection(env.DB, "after commit");
  const lost = await startApp({ sleep }, bindings({ DB })).request("/api/api-keys", making("lost"));
  expect(batches()).toBe(2);
  const key = await onlyKey(lost, "lost");
  const again = await app.request("/api/api-keys", making("lost"));
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await onlyKey(again, "lost")).toBe(key);
});

test("without an idempotency key nobody tries a second time what may have taken place", async () => {
  const { database: DB, batches } = breakingConnection(env.DB, "after commit");
  const init = send(admin, { name: "once", user_id: admin.id });
  const lost = await startApp({ sleep }, bindings({ DB })).request("/api/api-keys", init);
  await expectProblem(lost, 503, "database_unavailable");
  expect([batches(), (await keysNamed("once")).length]).toEqual([1, 1]);
});

test("an answer that cannot be kept leaves no key behind", async () => {
  await env.DB.exec(
    "CREATE TRIGGER refuses BEFORE INSERT ON idempotency_keys BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  const response = await app.request("/api/api-keys", making("refused"));
  await env.DB.exec("DROP TRIGGER refuses");
  await expectProblem(response, 500, "internal_error");
  expect(await keysNamed("refused")).toEqual([]);
  await onlyKey(await app.request("/api/api-keys", making("refused")), "refused");
});
