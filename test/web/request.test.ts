import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NoAnswer, Refused } from "../../src/web/api/errors.ts";
import { reachable, request, waitingSince } from "../../src/web/api/request.ts";
import { sessionEnded, user } from "../../src/web/device/session.ts";
import { language } from "../../src/web/words/words.ts";

const TARA = { id: 3, name: "Tara", email: "tara@shop.example", role: "technician", language: "fr" } as const;

/** Answers the next request so; gives what was asked. */
function server(answer: () => Response | Promise<Response>) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
}
const sent = (spy: ReturnType<typeof server>) => {
  const [address, init] = spy.mock.calls[0] ?? [];
  return { address, method: init?.method, headers: new Headers(init?.headers), body: init?.body };
};
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ status, code, detail: "Why not." }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

beforeEach(() => {
  user.value = TARA;
  sessionEnded.value = false;
  reachable.value = true;
  language.value = "fr";
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a request says for whom it asks, at what time, and in which language", async () => {
  const spy = server(() => Response.json({ user: TARA }));
  await request("PATCH /api/me", { body: { language: "en" } }, { key: "k-1", ifMatch: '"3"' });
  const { address, method, headers, body } = sent(spy);
  expect([address, method, body]).toEqual(["/api/me", "PATCH", '{"language":"en"}']);
  expect(headers.get("shopfloor-user")).toBe("3");
  expect(headers.get("accept-language")).toBe("fr");
  expect(headers.get("idempotency-key")).toBe("k-1");
  expect(headers.get("if-match")).toBe('"3"');
  expect(headers.get("client-time")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("what somebody types into an address stays one segment of it", async () => {
  const spy = server(() => problem(404, "ticket_not_found"));
  await request("GET /api/tickets/{ref}", { params: { ref: "../me?x=1#" } }).catch(() => null);
  expect(sent(spy).address).toBe("/api/tickets/..%2Fme%3Fx%3D1%23");
});

test("values that are not given are left out of the query", async () => {
  const spy = server(() => Response.json({ tickets: [], next_cursor: null }));
  await request("GET /api/tickets", { query: { reported_by: undefined, limit: 10 } });
  expect(sent(spy).address).toBe("/api/tickets?limit=10");
});

test("a refusal is one, with the server's words and how long to wait", async () => {
  server(() => problem(429, "too_many_requests", { "retry-after": "7" }));
  const refused = await request("GET /api/me", {}).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ problem: { code: "too_many_requests", detail: "Why not." }, retryAfter: 7 });
  expect([reachable.value, sessionEnded.value]).toEqual([true, false]);
});

test("401 ends the session here, but for a password that was wrong", async () => {
  server(() => problem(401, "invalid_credentials"));
  await request("POST /api/auth/sign-in/email", { body: { email: "t@shop.example", password: "x" } }).catch(() => null);
  expect(sessionEnded.value).toBe(false);
  server(() => problem(401, "unauthorized"));
  await request("GET /api/me", {}).catch(() => null);
  expect(sessionEnded.value).toBe(true);
  expect(user.value).toEqual(TARA);
});

test.each([
  ["no network", () => Promise.reject(new TypeError("Failed to fetch"))],
  ["the sign-in page of a hotel", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ["an answer that breaks off", () => new Response('{"user":', { headers: { "content-type": "application/json" } })],
  ["a gateway's error", () => new Response("Bad gateway", { status: 502, headers: { "content-type": "text/plain" } })],
])("%s is no answer, and the next answer ends that", async (_, answer) => {
  server(answer);
  await expect(request("GET /api/me", {})).rejects.toBeInstanceOf(NoAnswer);
  expect(reachable.value).toBe(false);
  server(() => Response.json({ user: TARA }));
  await request("GET /api/me", {});
  expect(reachable.value).toBe(true);
});

test("it is known since when the oldest request waits", async () => {
  let answer: (response: Response) => void = () => undefined;
  server(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const asked = request("GET /api/me", {});
  expect(waitingSince.value).toBeTypeOf("number");
  answer(Response.json({ user: TARA }));
  await asked;
  expect(waitingSince.value).toBeNull();
});
