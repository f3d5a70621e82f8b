import fc from "fast-check";
import { expect, test } from "vitest";
import { enqueue } from "../../src/deliveries/outbox.ts";
import { retryDelivery } from "../../src/deliveries/read.ts";
import { execute } from "../helpers.ts";
import { until } from "../receivers/client.ts";
import { clearDeliveries, onlyDelivery } from "./rows.ts";
import { stage } from "./stage.ts";

// Any order of enqueueing, claiming, finishing, failing, dying and rescuing one job: the newest payload is processed
// in the end, no two workers ever hold the same lease, and no finish of a worker that lost its lease counts.

interface Worker {
  version: number;
  token: string;
  done: Promise<unknown>;
  answer(status: number): void;
}

type Command = "enqueue" | "start" | "succeed" | "fail" | "oldest succeeds" | "die" | "wait" | "sweep";

const COMMANDS: fc.Arbitrary<Command> = fc.constantFrom(
  "enqueue",
  "start",
  "start",
  "succeed",
  "fail",
  "oldest succeeds",
  "die",
  "wait",
  "sweep",
);

/** One job and the workers that are at it; each worker waits in its request until the test answers it. */
async function play(commands: Command[]): Promise<void> {
  await clearDeliveries();
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
  let accepted = 0;
  let workers: Worker[] = [];
  const put = async () => {
    const select = `SELECT 'webhook' AS channel, 'webhook:1' AS target, 'ticket:1' AS subject, 'ticket.updated' AS event_type,
      json_object('type', 'ticket.updated', 'timestamp', '', 'data', json_object('version', CAST(? AS INTEGER))) AS payload WHERE 1`;
    await on.context.env.DB.batch([enqueue(on.context, select, [++newest])]);
  };

  const start = async () => {
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
    const before = await onlyDelivery();
    worker.answer(status);
    await worker.done;
    workers = workers.filter((other) => other !== worker);
    const after = await onlyDelivery();
    if (before.lease_token !== worker.token) expect(after).toEqual(before);
    else {
      expect(after.status).not.toBe("processing");
      if (worker.version !== newest) expect(after).toMatchObject({ status: "pending", attempts: 0 });
      if (status === 200) accepted = worker.version;
    }
  };

  await put();
  for (const command of commands) {
    if (command === "enqueue") await put();
    if (command === "start") await start();
    if (command === "succeed") await finish(workers.at(-1), 200);
    if (command === "fail") await finish(workers.at(-1), 500);
    if (command === "oldest succeeds") await finish(workers[0], 200);
    if (command === "die") on.advance(181);
    if (command === "wait") on.advance(400);
    if (command === "sweep") await on.cron();
    expect(await onlyDelivery()).toMatchObject({ generation: newest });
  }

  // Whatever the state, time and the cron run bring the newest payload out.
  for (const worker of [...workers]) await finish(worker, 200);
  for (let turn = 0; turn < 20; turn++) {
    const row = await onlyDelivery();
    if (row.status === "completed") break;
    if (row.status === "failed") await retryDelivery(on.context, row.id);
    on.advance(13 * 60 * 60);
    await on.cron();
    await start();
    await finish(workers.at(-1), 200);
  }
  expect(await onlyDelivery()).toMatchObject({ status: "completed", generation: newest, lease_token: null });
  expect(accepted).toBe(newest);
}

test("the newest payload is always processed in the end, by one holder at a time", async () => {
  await fc.assert(fc.asyncProperty(fc.array(COMMANDS, { minLength: 4, maxLength: 16 }), play), { numRuns: 40 });
}, 60_000);

test.each<[string, Command[]]>([
  ["newer data meets a late finisher", ["start", "enqueue", "die", "sweep", "start", "oldest succeeds", "succeed"]],
  ["a lease runs out that nobody has rescued yet", ["start", "die", "start", "succeed"]],
  [
    "three workers in a row die over newer data",
    ["start", "die", "sweep", "start", "enqueue", "die", "sweep", "start"],
  ],
  ["a failure after newer data", ["start", "enqueue", "fail", "start", "fail", "wait", "start", "succeed", "enqueue"]],
])("%s", async (_, commands) => play(commands));
