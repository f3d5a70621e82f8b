import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { countedDatabase } from "../deliveries/counted-database.ts";
import { bindings, execute, type Person, person, queryAll, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { patchMe } from "../users/api.ts";
import { signInStage, statuses, WRONG } from "./sign-in-stage.ts";

// The limits that the contract names, section 2.
const FREE = 5;
const PER_ADDRESS = 60;
const LONGEST = 900;

let technician: Person;
const HERE = "192.0.2.7";

beforeEach(async () => {
  await execute("DELETE FROM sign_in_guesses");
  technician = await person("technician");
});

const retryAfter = async (response: Response): Promise<number> => {
  await expectProblem(response, 429, "too_many_requests");
  return Number(response.headers.get("retry-after"));
};

describe("guesses at one account from one address", () => {
  test("are free five times, then wait 1, 2, 4 … seconds, at most 15 minutes", async () => {
    const { attempt, advance } = signInStage();
    for (let guess = 1; guess <= FREE; guess++) {
      const email = guess % 2 ? technician.email.toUpperCase() : technician.email;
      await expectProblem(await attempt(email, { address: HERE }), 401, "invalid_credentials");
    }
    for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST, LONGEST]) {
      expect(await retryAfter(await attempt(technician.email, { address: HERE }))).toBe(wait);
      // Asking again too early costs nothing.
      advance(wait - 0.5);
      expect(await retryAfter(await attempt(technician.email, { address: HERE }))).toBe(1);
      advance(0.5);
      await expectProblem(await attempt(technician.email, { address: HERE }), 401, "invalid_credentials");
    }
  });

  test("are refused with the right password too, until the wait is over", async () => {
    const on = signInStage();
    for (let guess = 1; guess <= FREE; guess++) await on.attempt(technician.email, { address: HERE });
    expect(await retryAfter(await on.enter(technician.email, { address: HERE }))).toBe(1);
    on.advance(1);
    expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
  });

  test("begin anew after a sign-in", async () => {
    const on = signInStage();
    for (let round = 0; round < 2; round++) {
      for (let guess = 1; guess < FREE; guess++) {
        expect((await on.attempt(technician.email, { address: HERE })).status).toBe(401);
      }
      expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
    }
  });

  test("are forgotten after six quiet hours, and no sooner", async () => {
    const on = signInStage();
    for (let guess = 0; guess < FREE; guess++) await on.attempt(technician.email, { address: HERE });
    on.advance(6 * 3600 - 1);
    expect((await on.attempt(technician.email, { address: HERE })).status).toBe(401);
    expect(await retryAfter(await on.attempt(technician.email, { address: HERE }))).toBe(2);
    on.advance(6 * 3600);
    for (let guess = 0; guess < FREE; guess++) {
      expect((await on.attempt(technician.email, { address: HERE })).status).toBe(401);
    }
    expect((await on.attempt(technician.email, { address: HERE })).status).toBe(429);
  });

  test("fifty at once are five", async () => {
    const { attempt } = signInStage();
    const answers = await Promise.all(Array.from({ length: 50 }, () => attempt(technician.email, { address: HERE })));
    expect(statuses(answers)).toEqual({ 401: FREE, 429: 50 - FREE });
  });

  test("are counted although the Worker dies before it knows whether they were right", async () => {
    await execute(`CREATE TRIGGER dies BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'dies'); END`);
    const on = signInStage();
    for (let guess = 0; guess < FREE; guess++) {
      expect((await on.enter(technician.email, { address: HERE })).status).toBe(500);
    }
    await execute("DROP TRIGGER dies");
    expect((await on.attempt(technician.email, { address: HERE })).status).toBe(429);
  });

  test("at different accounts or from different addresses do not add up", async () => {
    const { attempt } = signInStage();
    const other = await person("operator");
    for (let guess = 0; guess < FREE; guess++) await attempt(technician.email, { address: HERE });
    expect((await attempt(technician.email, { address: HERE })).status).toBe(429);
    expect((await attempt(other.email, { address: HERE })).status).toBe(401);
    expect((await attempt(technician.email, { address: "192.0.2.8" })).status).toBe(401);
  });
});

test("an account that does not exist waits, answers and costs alike", async () => {
  const { database, take } = countedDatabase(env.DB);
  const app = startApp({}, bindings({ DB: database }));
  const guess = (email: string) =>
    app.request("/api/auth/sign-in/email", send(null, { email, password: WRONG }, { "cf-connecting-ip": HERE }));
  // The first request of an isolate also asks which columns there are.
  await guess("warm.up@shop.example");
  take();
  const seen = [];
  for (const email of [technician.email, "nobody@shop.example"]) {
    const answers = [];
    for (let count = 0; count <= FREE; count++) {
      const response = await guess(email);
      const { request_id: _, ...body } = (await response.json()) as Record<string, unknown>;
      const { trips, statements } = take();
      answers.push({ status: response.status, retry: response.headers.get("retry-after"), body, trips, statements });
    }
    seen.push(answers);
  }
  expect(seen[0]?.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
  expect(seen[0]).toEqual(seen[1]);
  // Counting the guess and looking the account up are one trip.
  expect(seen[0]?.map(({ trips }) => trips)).toEqual([1, 1, 1, 1, 1, 1]);
});

test("the refusal is said in the reader's language", async () => {
  const app = startApp();
  const guess = () =>
    app.request(
      "/api/auth/sign-in/email",
      send(null, { email: technician.email, password: WRONG }, { "accept-language": "fr", "cf-connecting-ip": HERE }),
    );
  let last = await guess();
  for (let count = 0; count < FREE; count++) last = await guess();
  const { title, detail } = (await last.json()) as { title: string; detail: string };
  expect([title, detail]).toEqual(["Trop de requêtes", "Trop de tentatives. Réessayez dans 1 secondes."]);
});

describe("guesses from one address", () => {
  const spray = async (attempt: ReturnType<typeof signInStage>["attempt"], address: string, count: number) => {
    const answers: Response[] = [];
    for (let index = 0; index < count; index += 10) {
      const guesses = Array.from({ length: Math.min(10, count - index) }, (_, n) =>
        attempt(`guess${index + n}@shop.example`, { address }),
      );
      answers.push(...(await Promise.all(guesses)));
    }
    return answers;
  };

  test("at whatever accounts are sixty in 15 minutes; other addresses are not held up", async () => {
    const on = signInStage();
    expect(statuses(await spray(on.attempt, HERE, PER_ADDRESS + 10))).toEqual({ 401: PER_ADDRESS, 429: 10 });
    on.advance(600);
    expect(await retryAfter(await on.enter(technician.email, { address: HERE }))).toBe(300);
    expect((await on.enter(technician.email, { address: "203.0.113.10" })).status).toBe(200);
    on.advance(300);
    expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
  });

  test("do not keep out who has signed in from there before, nor count when they are right", async () => {
    const on = signInStage();
    for (let index = 0; index < 3; index++) {
      expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
    }
    expect(statuses(await spray(on.attempt, HERE, PER_ADDRESS + 10))).toEqual({ 401: PER_ADDRESS, 429: 10 });
    expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
  });
});

test.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
  ["2001:DB8:1:2::1", "2001:0db8:0001:0002::5", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["192.0.2.1", "192.0.2.2", false],
  ["::ffff:192.0.2.1", "192.0.2.1", true],
])("%s and %s count as one address: %s", async (one, other, isSame) => {
  const { attempt } = signInStage();
  for (let guess = 0; guess < FREE; guess++) await attempt(technician.email, { address: one });
  expect((await attempt(technician.email, { address: other })).status).toBe(isSame ? 429 : 401);
});

test("without an address, as in local development, guesses count as from one", async () => {
  const { attempt } = signInStage();
  for (let guess = 0; guess < FREE; guess++) expect((await attempt(technician.email)).status).toBe(401);
  expect((await attempt(technician.email)).status).toBe(429);
});

test("guesses at the own password are counted against the session, and keep nobody from signing in", async () => {
  const on = signInStage();
  const guess = () => patchMe(on.app, technician, { current_password: WRONG, password: "a new password" });
  const answers = await Promise.all(Array.from({ length: 20 }, guess));
  expect(statuses(answers)).toEqual({ 403: FREE, 429: 15 });
  expect(await retryAfter(await guess())).toBe(1);
  expect((await patchMe(on.app, technician, { name: "Patient" })).status).toBe(200);
  expect((await on.enter(technician.email, { address: HERE })).status).toBe(200);
});

test("the table of guesses names neither accounts nor addresses", async () => {
  const on = signInStage();
  await on.attempt(technician.email, { address: HERE });
  await on.enter(technician.email, { address: HERE });
  const rows = await queryAll<{ subject: string }>("SELECT * FROM sign_in_guesses");
  expect(rows.length).toBeGreaterThan(1);
  const text = JSON.stringify(rows);
  for (const secret of [technician.email, HERE, "192.0.2"]) expect(text).not.toContain(secret);
  for (const { subject } of rows) expect(subject).toMatch(/^[\w-]{43}$/);
  // Nor can they be told by hashing what one suspects: the digests are keyed.
  const guess = JSON.stringify(["address", technician.email, HERE]);
  const plain = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(guess));
  expect(text).not.toContain(Buffer.from(plain).toString("base64url"));
});
