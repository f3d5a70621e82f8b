import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { beforeTrip } from "../db/trips.ts";
import { bindings, execute, person, queryAll, recordedSleep, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

import { admin, app, CASES, type Case, EXEMPT, next, request, seen, sent } from "./once-cases.ts";

const { paths } = (await (await app.request("/api/openapi.json")).json()) as {
  paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
};
const OPERATIONS = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    ["post", "patch", "put"].includes(method) ? [{ name: `${method.toUpperCase()} ${path}`, operation }] : [],
  ),
);

test("every POST, PATCH and PUT honours the key, or there is a reason why it need not", () => {
  const names = OPERATIONS.map(({ name }) => name);
  expect(names.sort()).toEqual([...Object.keys(CASES), ...Object.keys(EXEMPT)].sort());
  for (const { name, operation } of OPERATIONS) {
    const documented = operation.parameters?.some((parameter) => parameter.name === "idempotency-key") ?? false;
    expect(documented, name).toBe(name in CASES);
  }
});

describe.each(Object.keys(CASES))("%s", { timeout: 60_000 }, (name) => {
  const prepare = () => CASES[name]?.() as Promise<Case>;

  test("twice with one key: one effect, the same answer", async () => {
    const one = await prepare();
    const key = `twice-${next()}`;
    const first = await request(name, one, one.body, key);
    const answer = await seen(first);
    expect(answer.status, answer.body).toBeLessThan(300);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const [counts, messages] = [await rowCounts(), sent.length];
    const again = await request(name, one, one.body, key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await seen(again)).toEqual(answer);
    expect(await rowCounts()).toEqual(counts);
    expect(sent).toHaveLength(messages);
  });

  test("five at once with one key: one effect, the same answer", async () => {
    // Once alone, to learn what one effect is.
    const alone = await prepare();
    const before = await rowCounts();
    await request(name, alone, alone.body, `alone-${next()}`);
    const effect = difference(before, await rowCounts());

    const one = await prepare();
    const [start, messages] = [await rowCounts(), sent.length];
    const key = `twins-${next()}`;
    const answers = await Promise.all(Array.from({ length: 5 }, () => request(name, one, one.body, key)));
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(4);
    const bodies = await Promise.all(answers.map(seen));
    expect(bodies[0]?.status, bodies[0]?.body).toBeLessThan(300);
    for (const body of bodies) expect(body).toEqual(bodies[0]);
    expect(difference(start, await rowCounts())).toEqual(effect);
    expect(sent.length - messages).toBeLessThanOrEqual(name.endsWith("/test") ? 1 : 0);
  });

  test("another body under the same key is refused", async () => {
    const one = await prepare();
    if (one.body === undefined) return;
    const key = `other-${next()}`;
    expect((await request(name, one, one.body, key)).status).toBeLessThan(300);
    const counts = await rowCounts();
    await expectProblem(await request(name, one, one.other, key), 422, "idempotency_key_reused");
    expect(await rowCounts()).toEqual(counts);
  });

  test("whoever is signed out meanwhile gets no replay", async () => {
    const one = await prepare();
    const sender = one.sender ?? (await person("admin"));
    const key = `out-${next()}`;
    expect((await request(name, { ...one, sender }, one.body, key)).status).toBeLessThan(300);
    await execute(`DELETE FROM sessions WHERE user_id = ${sender.id}`);
    await expectProblem(await request(name, { ...one, sender }, one.body, key), 401, "unauthorized");
  });
});

function difference(before: Record<string, number>, after: Record<string, number>) {
  return Object.fromEntries(
    Object.entries(after).flatMap(([table, n]) => (n === before[table] ? [] : [[table, n - (before[table] ?? 0)]])),
  );
}

test("what was shown once lies nowhere in the clear, nor can a password be tried out on the table", async () => {
  const secrets: string[] = [];
  for (const [name, path] of [
    ["POST /api/webhooks", "webhook.secret"],
    ["POST /api/webhooks/{id}/rotate-secret", "webhook.secret"],
    ["POST /api/api-keys", "api_key.key"],
  ] as const) {
    const one = (await CASES[name]?.()) as Case;
    const response = await request(name, one, one.body, `secret-${next()}`);
    const [object = "", member = ""] = path.split(".");
    const body = (await response.json()) as Record<string, Record<string, string>>;
    secrets.push(body[object]?.[member] ?? "");
  }
  expect(secrets.every((secret) => secret.length > 20)).toBe(true);
  const stored = JSON.stringify(await queryAll("SELECT * FROM idempotency_keys"));
  for (const secret of secrets) expect(stored).not.toContain(secret);

  const one = (await CASES["POST /api/users"]?.()) as Case;
  const key = `digest-${next()}`;
  await request("POST /api/users", one, one.body, key);
  const [row] = await queryAll<{ request_hash: string }>(
    "SELECT request_hash FROM idempotency_keys WHERE key = ?",
    key,
  );
  const plain = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(JSON.stringify({ ...(one.body as object), language: null })),
  );
  expect(row?.request_hash).toHaveLength(43);
  expect(row?.request_hash).not.toBe(Buffer.from(plain).toString("base64url"));
});

test("work that broke off is done again after a minute, and a failed one gives its key back", async () => {
  const one = (await CASES["POST /api/webhooks/{id}/test"]?.()) as Case;
  const key = `broken-${next()}`;
  const name = "POST /api/webhooks/{id}/test";
  await request(name, one, undefined, key);
  const cut = "UPDATE idempotency_keys SET claimed_until = ?, body = 'null' WHERE key = ?";
  await env.DB.prepare(cut).bind("2026-01-01T00:00:00.000Z", key).run();
  const messages = sent.length;
  const again = await request(name, one, undefined, key);
  expect([again.status, again.headers.get("idempotency-replayed"), sent.length]).toEqual([200, null, messages + 1]);

  const nowhere = { path: "/api/webhooks/999999/test" };
  await expectProblem(await request(name, nowhere, undefined, "nowhere"), 404, "webhook_not_found");
  expect(await queryAll("SELECT 1 FROM idempotency_keys WHERE key = 'nowhere'")).toEqual([]);
});

test("whoever waits for a twin's work does so a minute, within the fifty queries of an invocation", async () => {
  const one = (await CASES["POST /api/webhooks/{id}/test"]?.()) as Case;
  const key = `waiting-${next()}`;
  await request("POST /api/webhooks/{id}/test", one, undefined, key);
  const claim = "UPDATE idempotency_keys SET claimed_until = ?, body = 'null' WHERE key = ?";
  await env.DB.prepare(claim).bind("2099-01-01T00:00:00.000Z", key).run();
  const { waits, sleep } = recordedSleep();
  const { database: DB, trips } = beforeTrip(0, async () => {});
  const init = send(admin, undefined, { "idempotency-key": key }, "POST");
  await expectProblem(await startApp({ sleep }, bindings({ DB })).request(one.path, init), 409, "request_in_progress");
  const waited = waits.reduce((sum, wait) => sum + wait, 0);
  expect(waited).toBeGreaterThan(60_000);
  expect(waited).toBeLessThan(70_000);
  expect(waits[0]).toBeLessThanOrEqual(200);
  expect(trips()).toBeLessThan(50);
});
