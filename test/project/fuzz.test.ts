import { afterAll, beforeAll, expect, test } from "vitest";
import { describeFindings, fuzz, type Report } from "../../scripts/lib/fuzz/run.ts";
import { startFuzzWorker } from "../../scripts/lib/fuzz/worker.ts";

// The same few hundred requests at every run. `npm run fuzz` sends many more, and other ones.
const SEED = 1126;
const REQUESTS = 400;
/** Other tests run at the same time, so that an answer may wait for its turn. */
const SLOW_MS = 10_000;

let worker: Awaited<ReturnType<typeof startFuzzWorker>>;
let report: Report;

beforeAll(async () => {
  worker = await startFuzzWorker();
  report = await fuzz({ worker, seed: SEED, requests: REQUESTS, slowMs: SLOW_MS });
}, 120_000);
afterAll(() => worker?.close());

test("no answer to a generated request differs from what the OpenAPI document says", () => {
  expect(describeFindings(SEED, report)).toBe("");
  expect(report.requests).toBe(REQUESTS);
});

test("the requests reach nearly every operation, succeed and are refused in many ways", () => {
  expect(report.answers.size).toBeGreaterThan(70);
  const statuses = new Map<number, number>();
  for (const answers of report.answers.values()) {
    for (const [status, times] of answers) statuses.set(status, (statuses.get(status) ?? 0) + times);
  }
  for (const status of [200, 201, 204, 400, 401, 403, 404, 422]) expect([...statuses.keys()]).toContain(status);
  const good = [...statuses].filter(([status]) => status < 300).reduce((sum, [, times]) => sum + times, 0);
  expect(good).toBeGreaterThan(REQUESTS / 4);
});

test("headers that come only sometimes have come", () => {
  expect([...report.headers]).toEqual(
    expect.arrayContaining(["etag", "idempotency-replayed", "link", "location", "www-authenticate", "x-request-id"]),
  );
});
