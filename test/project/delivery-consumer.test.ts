import { type ChildProcess, spawn } from "node:child_process";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../receivers/client.ts";
import { freePort } from "./processes.ts";

// examples/webhook-consumer is what integrators start from: it must verify signatures and drop repeats.

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
let consumer: ChildProcess;
let output = "";
let port = 0;

beforeAll(async () => {
  port = await freePort();
  consumer = spawn(process.execPath, ["examples/webhook-consumer/server.mjs"], {
    env: { ...process.env, WEBHOOK_SECRET: SECRET, PORT: `${port}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  consumer.stdout?.on("data", (part: Buffer) => {
    output += part.toString();
  });
  await until(async () => output.includes("waiting for webhooks"));
});

afterAll(() => void consumer?.kill());

const event = (id: string, title = "Spindle vibrates") =>
  JSON.stringify({
    id,
    type: "ticket.created",
    timestamp: new Date().toISOString(),
    data: { ticket: { ticket_id: "CNC-1126-0001", title, machine_name: "Haas VF-2" }, machine: {}, actor: {} },
  });

const post = async (id: string, body: string, secret = SECRET, at = new Date()) =>
  (
    await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign(id, at, body),
      },
      body,
    })
  ).status;

const LINE = "CNC-1126-0001: Spindle vibrates (Haas VF-2)\n";

test("a delivery that comes three times is handled once and answered three times", async () => {
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push(await post("dlv_1_1", event("dlv_1_1")));
  expect(statuses).toEqual([204, 204, 204]);
  expect(await post("dlv_2_1", event("dlv_2_1", "Next one"))).toBe(204);
  await until(async () => output.includes("Next one"));
  expect(output.split(LINE)).toHaveLength(2);
});

test("what another secret signed, or an hour ago, is refused", async () => {
  const before = output;
  expect(await post("dlv_3_1", event("dlv_3_1"), "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).toBe(401);
  expect(await post("dlv_3_1", event("dlv_3_1"), SECRET, new Date(Date.now() - 3600_000))).toBe(401);
  expect(await post("dlv_3_1", "x".repeat(65 * 1024))).toBe(401);
  expect(output).toBe(before);
});
