import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { readEnv } from "../../src/env.ts";
import { guessSubject } from "../../src/sessions/places.ts";
import { execute, PASSWORD, type Person, person, queryAll } from "../helpers.ts";
import { expectProblem } from "../problems.ts";
import { cookiesOf, deviceOf, signInStage, statuses, WRONG } from "./sign-in-stage.ts";

// Nobody is locked out by those who know no more than the name of an account.

const HOME = "198.51.100.20";
let admin: Person;

beforeEach(async () => {
  await execute("DELETE FROM sign_in_guesses");
  admin = await person("admin");
});

/** The letter beside this one in base64: they differ in the last bit alone. */
const neighbour = (letter: string) => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return letters[letters.indexOf(letter) ^ 1] ?? "A";
};

const botnet = (count: number, offset = 0) =>
  Array.from({ length: count }, (_, index) => `10.${offset}.${index >> 8}.${index & 255}`);

/** Everyone of `addresses` guesses once. */
async function guessFrom(on: ReturnType<typeof signInStage>, email: string, addresses: string[]) {
  const answers: Response[] = [];
  for (let index = 0; index < addresses.length; index += 25) {
    const some = addresses.slice(index, index + 25);
    answers.push(...(await Promise.all(some.map((address) => on.attempt(email, { address })))));
  }
  return statuses(answers);
}

/** As after so many wrong guesses at an account from all over the world, which would take a hash each. */
async function underAttack(on: ReturnType<typeof signInStage>, email: string, guesses = 100): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO sign_in_guesses (subject, guesses, resets_at) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET guesses = excluded.guesses, resets_at = excluded.resets_at`,
  )
    .bind(guessSubject(readEnv(env), "account", email), guesses, new Date(on.time() + 3600_000).toISOString())
    .run();
}

test("an attacker from 1,000 addresses gets a hundred guesses; the admin gets in at once", async () => {
  const on = signInStage();
  const known = await on.enter(admin.email, { address: HOME });
  const device = deviceOf(known);
  expect(await guessFrom(on, admin.email, botnet(1000))).toEqual({ 401: 100, 429: 900 });

  // From the device that she has used before, wherever she is; and from her usual address, on whatever device.
  expect((await on.enter(admin.email, { address: "203.0.113.99", cookie: device })).status).toBe(200);
  expect((await on.enter(admin.email, { address: HOME })).status).toBe(200);
  // Mistyping is as free for her as ever.
  for (let guess = 0; guess < 4; guess++) {
    expect((await on.attempt(admin.email, { address: HOME, cookie: device })).status).toBe(401);
  }
  expect((await on.enter(admin.email, { address: HOME, cookie: device })).status).toBe(200);
});

test("a new device at a new address waits a minute under attack, and the attack cannot prolong it", async () => {
  const on = signInStage();
  await underAttack(on, admin.email);
  const first = await on.enter(admin.email, { address: HOME });
  expect(first.headers.get("retry-after")).toBe("60");
  await expectProblem(first, 429, "too_many_requests");
  for (let second = 0; second < 59; second += 20) {
    on.advance(20);
    expect(await guessFrom(on, admin.email, botnet(25, second + 1))).toEqual({ 429: 25 });
  }
  expect((await on.enter(admin.email, { address: HOME })).status).toBe(200);
});

test("under attack each unknown address has one guess a wait, also one that had free tries left", async () => {
  const on = signInStage();
  await on.attempt(admin.email, { address: "192.0.2.1" });
  await underAttack(on, admin.email);
  // The last of its free tries; those who come for the first time wait.
  expect((await on.attempt(admin.email, { address: "192.0.2.1" })).status).toBe(401);
  const some = [...botnet(9), "192.0.2.1"];
  for (let minute = 0; minute < 2; minute++) {
    expect(await guessFrom(on, admin.email, some)).toEqual({ 429: 10 });
    on.advance(60);
    expect(await guessFrom(on, admin.email, some)).toEqual({ 401: 10 });
  }
  on.advance(3600);
  // An hour later the attack is forgotten.
  expect((await on.attempt(admin.email, { address: "192.0.2.200" })).status).toBe(401);
});

test("the wait grows with the attack, to 15 minutes and no further", async () => {
  const on = signInStage();
  const waits: (string | null)[] = [];
  for (const guesses of [250, 1000, 1_000_000]) {
    await underAttack(on, admin.email, guesses);
    const answer = await on.enter(admin.email, { address: `192.0.2.${waits.length}` });
    waits.push(answer.headers.get("retry-after"));
  }
  expect(waits).toEqual(["120", "600", "900"]);
  on.advance(900);
  expect((await on.enter(admin.email, { address: "192.0.2.2" })).status).toBe(200);
});

test("whoever guesses at the admin's own address does not shut out her device", async () => {
  const on = signInStage();
  const device = deviceOf(await on.enter(admin.email, { address: HOME }));
  for (let guess = 0; guess < 20; guess++) await on.attempt(admin.email, { address: HOME });
  expect((await on.enter(admin.email, { address: HOME })).status).toBe(429);
  expect((await on.enter(admin.email, { address: HOME, cookie: device })).status).toBe(200);
  // That clears the address, too.
  expect((await on.enter(admin.email, { address: HOME })).status).toBe(200);
});

describe("a known device", () => {
  test("may guess no more often than an address", async () => {
    const on = signInStage();
    const device = deviceOf(await on.enter(admin.email, { address: HOME }));
    const answers = botnet(20).map((address) => on.attempt(admin.email, { address, cookie: device }));
    expect(statuses(await Promise.all(answers))).toEqual({ 401: 5, 429: 15 });
  });

  test("is known for the accounts that have signed in there, and no other", async () => {
    const on = signInStage();
    const other = await person("technician");
    const device = deviceOf(await on.enter(other.email, { address: HOME }));
    await underAttack(on, admin.email);
    expect((await on.enter(admin.email, { address: HOME, cookie: device })).status).toBe(429);
    on.advance(60);
    const both = deviceOf(await on.enter(admin.email, { address: HOME, cookie: device }));
    for (const { email } of [admin, other]) {
      await underAttack(on, email);
      expect((await on.enter(email, { address: "203.0.113.5", cookie: both })).status).toBe(200);
    }
  });

  test("of a shared tablet keeps the ten people who signed in last", async () => {
    const on = signInStage();
    const people = await Promise.all(Array.from({ length: 11 }, () => person("operator")));
    let device = "";
    for (const { email } of people) device = deviceOf(await on.enter(email, { address: HOME, cookie: device }));
    expect(device.length).toBeLessThan(600);
    // The place that a guess counts against tells whether the device was known.
    const rows = async () => (await queryAll("SELECT 1 FROM sign_in_guesses")).length;
    for (const [index, places] of [
      [1, 1],
      [10, 1],
      [0, 3],
    ] as const) {
      await execute("DELETE FROM sign_in_guesses");
      await on.attempt(people[index]?.email ?? "", { address: HOME, cookie: device });
      expect(await rows(), String(index)).toBe(places);
    }
  });

  test("is one only with a signature of ours, and for a year", async () => {
    const on = signInStage();
    const response = await on.enter(admin.email, { address: HOME });
    const device = deviceOf(response);
    const attributes = response.headers.getSetCookie().find((line) => line.startsWith("shopfloor.device="));
    expect(attributes?.toLowerCase().split("; ").slice(1).sort()).toEqual(
      ["httponly", `max-age=${365 * 24 * 3600}`, "path=/api/auth/sign-in", "samesite=lax", "secure"].sort(),
    );
    await underAttack(on, admin.email);
    const [session = ""] = cookiesOf(response).split("; ");
    const value = device.split("=")[1] ?? "";
    for (const forged of [
      "shopfloor.device=",
      `shopfloor.device=${session.split("=")[1]}`,
      `shopfloor.device=${value.slice(0, -4)}`,
      // One character is another: the first of the id, the last of what is signed, the last of the signature, of which
      // only some bits count.
      ...[/(?<=^device:)./, /.(?=~\.[^.]+$)/, /.(?==$)/].map(
        (place) => `shopfloor.device=${encodeURIComponent(decodeURIComponent(value).replace(place, neighbour))}`,
      ),
      `shopfloor.device=${"x".repeat(5000)}`,
      "shopfloor.device=%E0%A4%A",
      session,
    ]) {
      expect(forged).not.toBe(device);
      const answer = await on.enter(admin.email, { address: `192.0.2.${forged.length % 250}`, cookie: forged });
      expect(answer.status, forged.slice(0, 40)).toBe(429);
    }
    expect((await on.enter(admin.email, { address: "203.0.113.4", cookie: device })).status).toBe(200);
    on.advance(365 * 24 * 3600);
    await underAttack(on, admin.email);
    expect((await on.enter(admin.email, { address: "203.0.113.3", cookie: device })).status).toBe(429);
  });

  test("opens nothing by itself, and outlives signing out", async () => {
    const on = signInStage();
    const response = await on.enter(admin.email, { address: HOME });
    const value = decodeURIComponent(deviceOf(response).split("=")[1] ?? "");
    for (const headers of [
      { cookie: deviceOf(response) },
      { cookie: `shopfloor.session_token=${encodeURIComponent(value)}` },
      { authorization: `Bearer ${encodeURIComponent(value)}` },
    ] as Record<string, string>[]) {
      await expectProblem(await on.app.request("/api/me", { headers }), 401, "unauthorized");
    }
    const out = await on.app.request("/api/auth/sign-out", {
      method: "POST",
      headers: { cookie: cookiesOf(response) },
    });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie().some((line) => line.startsWith("shopfloor.device="))).toBe(false);
  });
});

test("an address is known for 90 days after the last sign-in from there", async () => {
  const on = signInStage();
  for (const _ of [1, 2]) {
    expect((await on.attempt(admin.email, { address: HOME, password: PASSWORD })).status).toBe(200);
    on.advance(89 * 24 * 3600);
  }
  await underAttack(on, admin.email);
  expect((await on.enter(admin.email, { address: HOME })).status).toBe(200);
  on.advance(91 * 24 * 3600);
  await underAttack(on, admin.email);
  expect((await on.attempt(admin.email, { address: HOME, password: WRONG })).status).toBe(429);
});
