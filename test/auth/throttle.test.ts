import { beforeAll, expect, test } from "vitest";
import { PASSWORD, type Person, person, rowCounts, send, startApp } from "../helpers.ts";
import { expectProblem } from "../problems.ts";

// The limits of wrangler.toml. They count in fixed windows of a minute, so that of twice as many attempts within a
// minute one must meet the limit, wherever in a window the first attempt falls.
const ACCOUNT_LIMIT = 10;
const ADDRESS_LIMIT = 60;

const app = startApp();
let technician: Person;

beforeAll(async () => {
  technician = await person("technician");
});

const attempt = (email: string, address: string, password = "wrong horse") =>
  app.request("/api/auth/sign-in/email", send(null, { email, password }, { "cf-connecting-ip": address }));

/** Attempts until one is throttled; checks that this comes neither before the limit nor after twice the limit. */
async function untilThrottled(limit: number, one: (index: number) => Promise<Response>): Promise<void> {
  for (let index = 0; index <= 2 * limit; index++) {
    const response = await one(index);
    if (response.status === 429) {
      expect(index).toBeGreaterThanOrEqual(limit);
      expect(response.headers.get("retry-after")).toBe("60");
      const { detail } = await expectProblem(response, 429, "too_many_requests");
      expect(detail).toContain("60");
      return;
    }
    await expectProblem(response, 401, "invalid_credentials");
  }
  expect.fail("never throttled");
}

test("sign-in is throttled per account, from whatever address and in any case", async () => {
  const before = await rowCounts();
  await untilThrottled(ACCOUNT_LIMIT, (index) =>
    attempt(index % 2 ? technician.email.toUpperCase() : technician.email, `192.0.2.${index}`),
  );
  expect(await rowCounts()).toEqual(before);
});

test("an account that does not exist is throttled alike", async () => {
  await untilThrottled(ACCOUNT_LIMIT, (index) => attempt("nobody@shop.example", `198.51.100.${index}`));
});

test("sign-in is throttled per address, for whatever account; other addresses are not", async () => {
  const operator = await person("operator");
  const address = "203.0.113.9";
  let sent = 0;
  // An account that is over its own limit is refused before its password is hashed, but counts for the address.
  const cheap = async (count: number) => {
    for (let index = 0; index < count; index++, sent++) await attempt("nobody@shop.example", address);
  };
  const probe = () => attempt(`guess${sent++}@shop.example`, address);
  await cheap(ADDRESS_LIMIT / 2);
  await expectProblem(await probe(), 401, "invalid_credentials");
  let status = 0;
  while (status !== 429 && sent <= 3 * ADDRESS_LIMIT) {
    await cheap(10);
    status = (await probe()).status;
  }
  expect(status).toBe(429);
  expect(sent).toBeGreaterThan(ADDRESS_LIMIT);
  expect((await attempt(operator.email, "203.0.113.10", PASSWORD)).status).toBe(200);
});
