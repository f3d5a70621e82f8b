import { describe, expect, test } from "vitest";
import { readApi } from "../../scripts/lib/fuzz/document.ts";
import { type FuzzAnswer, judge } from "../../scripts/lib/fuzz/judge.ts";
import type { FuzzRequest } from "../../scripts/lib/fuzz/request.ts";
import { servedDocument } from "../../scripts/lib/openapi.ts";

// Whoever judges must see what is wrong: each fault that an answer can have, one at a time.

const api = readApi(JSON.parse(JSON.stringify(servedDocument())));
const SLOW_MS = 2000;

const request = (id: string): FuzzRequest => {
  const operation = api.operations.find((known) => known.id === id);
  if (!operation) throw new Error(id);
  return { operation, sender: { name: "admin", headers: {} }, target: "/", headers: {}, body: "{}", wellFormed: true };
};

const faults = (id: string, status: number, body: unknown, headers: Record<string, string>, more = {}): string[] => {
  const bytes = body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body));
  const type = status < 400 ? "application/json" : "application/problem+json";
  const all = new Headers({ ...(body !== null && { "content-type": type }), "x-request-id": "1", ...headers });
  const answer: FuzzAnswer = { status, headers: all, bytes, ms: 5, ...more };
  return [...judge(api, request(id), answer, SLOW_MS)];
};

const type = {
  id: 1,
  code: "CNC",
  name: "CNC",
  created_at: "2026-11-20T15:00:00.000Z",
  updated_at: "2026-11-20T15:00:00.000Z",
};
const good = { machine_type: type };
const problem = (code: string, status: number) => ({
  type: `/problems/${code}`,
  title: "T",
  status,
  detail: "D",
  code,
  request_id: "1",
  error: "D",
});

test("an answer as it is documented has no fault", () => {
  expect(faults("createMachineType", 201, good, {})).toEqual([]);
  expect(faults("createMachineType", 409, problem("machine_type_code_taken", 409), {})).toEqual([]);
  expect(faults("deleteMachine", 204, null, {})).toEqual([]);
  expect(
    faults("listMachineTypes", 200, { machine_types: [type], next_cursor: "x" }, { link: '<x>; rel="next"' }),
  ).toEqual([]);
});

describe("a fault is", () => {
  test.each<[string, string[], RegExp]>([
    ["500", faults("createMachineType", 500, problem("internal_error", 500), {}), /^answers 500/],
    ["a status that is not documented", faults("createMachineType", 200, good, {}), /^answers 200, which/],
    ["an unknown code", faults("createMachineType", 409, problem("last_admin", 409), {}), /with last_admin, which/],
    [
      "another status in the body",
      faults("createMachineType", 409, problem("machine_type_code_taken", 400), {}),
      /^says 400/,
    ],
    ["a missing member", faults("createMachineType", 201, { machine_type: { ...type, code: undefined } }, {}), /code/],
    ["a member too many", faults("createMachineType", 201, { machine_type: { ...type, secret: 1 } }, {}), /\.secret/],
    [
      "a wrong format",
      faults("createMachineType", 201, { machine_type: { ...type, created_at: "today" } }, {}),
      /date-time/,
    ],
    ["another type", faults("createMachineType", 201, good, { "content-type": "text/html" }), /^sends text\/html/],
    ["a body where there is none", faults("deleteMachine", 204, good, {}), /documents none/],
    ["a header that is not documented", faults("createMachineType", 201, good, { etag: '"1"' }), /^sends etag/],
    ["no header that is documented", faults("createTicket", 201, { ticket: {} }, { etag: '"1"' }), /not send location/],
    [
      "a header of another shape",
      faults("createMachineType", 201, good, { "idempotency-replayed": "no" }),
      /replayed: no/,
    ],
    [
      "a last page that leads on",
      faults("listMachineTypes", 200, { machine_types: [], next_cursor: null }, { link: '<x>; rel="next"' }),
      /a Link to the next page/,
    ],
    [
      "a page that goes on without Link",
      faults("listMachineTypes", 200, { machine_types: [], next_cursor: "x" }, {}),
      /no Link to the next page/,
    ],
    ["429 without Retry-After", faults("signIn", 429, problem("too_many_requests", 429), {}), /without Retry-After/],
    ["slowness", faults("createMachineType", 201, good, {}, { ms: 2001 }), /more than 2000 ms/],
    [
      "a refusal of what its schema admits",
      faults("createMachineType", 400, problem("validation_failed", 400), {}),
      /admits/,
    ],
  ])("%s", (_, found, expected) => {
    expect(found.join("\n")).toMatch(expected);
  });
});
