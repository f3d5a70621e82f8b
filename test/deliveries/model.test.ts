import fc from "fast-check";
import { expect, test } from "vitest";
import { deliveryHealth } from "../../src/deliveries/health.ts";
import { enqueue } from "../../src/deliveries/outbox.ts";
import { execute, person, send } from "../helpers.ts";
import { until } from "../receivers/client.ts";
import { clearDeliveries, deliveryRows, onlyDelivery } from "./rows.ts";
import { stage } from "./stage.ts";

// Any order of enqueueing, claiming, finishing, failing, expiring, rescuing and cleaning up one job: the newest payload
// is processed in the end, no two workers ever hold the same lease, no finish of a worker that lost its lease counts, and
// the health report counts what is there.

interface Worker {
  version: number;
  token: string;
  done: Promise<unknown>;
  answer(status: number): void;
}

type Command = "enqueue" | "start" | "succeed" | "fail" | "oldest succeeds" | "expire" | "wait" | "sweep" | "clean up";

const COMMANDS: fc.Arbitrary<Command> = fc.constantFrom(
  "enqueue",
  "start",
  "start",
  "succeed",
  "fail",
  "oldest succeeds",
  "expire",
  "wait",
  "sweep",
  "clean up",
);

/** One job and the workers that are at it; each worker waits in its request until the test answers it. */
async function play(commands: Command[]): Promise<void> {
  await clearDeliveries();
  const admin = await person("admin");
  const requests: { version: number; answer(status: number): void }[] = [];
  const on = stage({
    fetch: (_, init) =>
      new Promise((resolve) => {
        const { data } = JSON.parse(String(init?.body)) as { data: { version: number } };
        requests.push({ version: data.version, answer: (status) => resolve(new Response(null, { status })) });
      }),
  });
  await execute(`INSERT INTO webhook_endpoints (id, url, events, secret, created_at, updated_at)
    VALUES (1, 'http://localhost:1/', '[]', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '2026-01-01', '2026-01-01')`);

  let newest = 0;
  /** How often the row that is there now has been enqueued; 0 while there is none. */
  let generation = 0;
  let accepted = 0;
  let workers: Worker[] = [];
  const put = async () => {
    generation++;
    const select = `SELECT 'webhook' AS channel, 'webhook:1' AS target, 'ticket:1' AS subject, 'ticket.updated' AS event_type,
      json_object('type', 'ticket.updated', 'timestamp', '', 'data', json_object('version', CAST(? AS INTEGER))) AS payload WHERE 1`;
    await on.context.env.DB.batch([enqueue(on.context, select, [++newest])]);
  };

  const start = async () => {
    if (generation === 0) return;
    const before = await onlyDelivery();
    const due = before.status === "pending" && Date.parse(before.next_attempt_at ?? "") <= on.time();
    const asked = requests.length;
    let over = false;
    const done = on.invoke([before.id]).then(() => {
      over = true;
    });
    await until(async () => over || requests.length > asked);
    // A worker gets the job exactly when it is due and in nobody's hands.
    expect(requests.length - asked).toBe(due ? 1 : 0);
    const request = requests[asked];
    if (!request) return;
    const row = await onlyDelivery();
    expect(request.version).toBe(newest);
    expect(workers.map((worker) => worker.token)).not.toContain(row.lease_token);
    workers.push({ ...request, token: row.lease_token ?? "", done });
  };

  const finish = async (worker: Worker | undefined, status: number) => {
    if (!worker) return;
    const [before] = await deliveryRows();
    worker.answer(status);
    await worker.done;
    workers = workers.filter((other) => other !== worker);
    const [after] = await deliveryRows();
    if (before?.lease_token !== worker.token) expect(after).toEqual(before);
    else {
      expect(after?.status).not.toBe("processing");
      if (worker.version !== newest) expect(after).toMatchObject({ status: "pending", attempts: 0 });
      if (status === 200) accepted = worker.version;
    }
  };

  // Only what is completed, and has been for an hour, ever goes.
  const clean = async () => {
    const [before] = await deliveryRows();
    const goes = before?.status === "completed" && on.time() - Date.parse(before.completed_at ?? "") > 60 * 60_000;
    const old = { older_than_hours: 1, status: "completed", dry_run: false };
    expect((await on.app.request("/api/deliveries/cleanup", send(admin, old))).status).toBe(200);
    expect(await deliveryRows()).toEqual(before && !goes ? [before] : []);
    if (goes) {
      generation = 0;
      expect(accepted).toBe(newest);
    }
  };

  const countsAddUp = async () => {
    const { pending, processing, failed } = await deliveryHealth(on.context);
    const rows = await deliveryRows();
    const counted = (status: string) => rows.filter((row) => row.status === status).length;
    expect({ pending, processing, failed }).toEqual({
      pending: counted("pending"),
      processing: counted("processing"),
      failed: counted("failed"),
    });
    expect(pending + processing + failed + counted("completed")).toBe(generation === 0 ? 0 : 1);
  };

  await put();
  for (const command of commands) {
    if (command === "enqueue") await put();
    if (command === "start") await start();
    if (command === "succeed") await finish(workers.at(-1), 200);
    if (command === "fail") await finish(workers.at(-1), 500);
    if (command === "oldest succeeds") await finish(workers[0], 200);
    if (command === "expire") on.advance(181);
    if (command === "wait") on.advance(400);
    if (command === "sweep") await on.cron();
    if (command === "clean up") {
      on.advance(50 * 60);
      await clean();
    }
    await countsAddUp();
    if (generation > 0) expect(await onlyDelivery()).toMatchObject({ generation });
  }

  // Whatever the state, time and the cron run bring the newest payload out.
  if (generation === 0) await put();
  for (const worker of [...workers]) await finish(worker, 200);
  for (let turn = 0; turn < 20; turn++) {
    const row = await onlyDelivery();
    if (row.status === "completed") break;
    if (row.status === "failed") await on.app.request(`/api/deliveries/${row.id}/retry`, send(admin, {}));
    on.advance(13 * 60 * 60);
    await on.cron();
    await start();
    await finish(workers.at(-1), 200);
  }
  expect(await onlyDelivery()).toMatchObject({ status: "completed", generation, lease_token: null });
  expect(accepted).toBe(newest);
}

test("the newest payload is always processed in the end, by one holder at a time", async () => {
  await fc.assert(fc.asyncProperty(fc.array(COMMANDS, { minLength: 4, maxLength: 16 }), play), { numRuns: 40 });
}, 60_000);

test.each<[string, Command[]]>([
  ["newer data meets a late finisher", ["start", "enqueue", "expire", "sweep", "start", "oldest succeeds", "succeed"]],
  ["a lease runs out that nobody has rescued yet", ["start", "expire", "start", "succeed"]],
  [
    "three workers in a row die over newer data",
    ["start", "expire", "sweep", "start", "enqueue", "expire", "sweep", "start"],
  ],
  [
    "a late finisher of a job that was cleaned up and enqueued anew",
    [
      "start",
      "expire",
      "sweep",
      "start",
      "succeed",
      "clean up",
      "clean up",
      "enqueue",
      "start",
      "oldest succeeds",
      "succeed",
    ],
  ],
  ["a failure after newer data", ["start", "enqueue", "fail", "start", "fail", "wait", "start", "succeed", "enqueue"]],
])("%s", async (_, commands) => play(commands));
