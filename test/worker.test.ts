import { exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { machine, ORIGIN, type Person, person, send } from "./helpers.ts";
import { expectProblem } from "./problems.ts";
import { createdTicket } from "./tickets/api.ts";

// The Worker as wrangler runs it: through its own fetch handler, with the real clock and the real waits.
const worker = exports.default;
let technician: Person;
let machine_id: number;

beforeAll(async () => {
  technician = await person("technician");
  machine_id = await machine("CNC");
});

test("the deployed entry point answers", async () => {
  const response = await worker.fetch(`${ORIGIN}/api/health`);
  expect(await response.json()).toMatchObject({ status: "ok" });
});

test("it creates a ticket now", async () => {
  const init = send(technician, { title: "Spindle vibrates", machine_id }, { "idempotency-key": "real" });
  const before = Date.now();
  const ticket = await createdTicket(await worker.fetch(`${ORIGIN}/api/tickets`, init));
  expect(Date.parse(ticket.created_at)).toBeGreaterThanOrEqual(before - 1000);
  expect(Date.parse(ticket.created_at)).toBeLessThanOrEqual(Date.now() + 1000);
  const again = await worker.fetch(`${ORIGIN}/api/tickets`, init);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("it refuses a body over 256 KiB that arrives over HTTP", async () => {
  const init = send(technician, { title: "x".repeat(256 * 1024), machine_id });
  await expectProblem(await worker.fetch(`${ORIGIN}/api/tickets`, init), 413, "payload_too_large");
});

test("unknown addresses outside of /api are problems too", async () => {
  await expectProblem(await worker.fetch(`${ORIGIN}/nothing`), 404, "not_found");
});
