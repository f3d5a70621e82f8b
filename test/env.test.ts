import { afterEach, describe, expect, test, vi } from "vitest";
import { runCron } from "../src/cron.ts";
import { ConfigurationError, readEnv } from "../src/env.ts";
import { bindings, startApp } from "./helpers.ts";
import { expectProblem } from "./problems.ts";

afterEach(() => void vi.restoreAllMocks());

const VALUE = "short-secret";

const WRONG: [name: string, value: unknown][] = [
  ["BETTER_AUTH_SECRET", undefined],
  ["BETTER_AUTH_SECRET", ""],
  ["BETTER_AUTH_SECRET", VALUE],
  ["BETTER_AUTH_URL", VALUE],
  ["TIME_ZONE", "Mars/Olympus_Mons"],
  ["TIME_ZONE", ""],
  ["DEFAULT_LOCALE", "klingon"],
  ["LOG_LEVEL", "loud"],
  ["DEFAULT_REGION", "Québec"],
  ["EMAIL_FROM", undefined],
  ["EMAIL_FROM", "maintenance@shopfloor.example"],
  ["EMAIL_FROM", "Shop\r\nBcc: x <maintenance@shopfloor.example>"],
];

describe.each(WRONG)("with %s = %j", (name, value) => {
  const environment = () => bindings({ LOG_LEVEL: "error", [name]: value });

  test("reading the environment throws, naming the variable and not its value", () => {
    expect(() => readEnv(environment())).toThrow(ConfigurationError);
    expect(() => readEnv(environment())).toThrow(new RegExp(`: ${name}$`));
    if (value) expect(() => readEnv(environment())).not.toThrow(String(value));
  });

  test("every request is answered with 500 misconfigured, and the log names the variable", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "info").mockImplementation(() => {});
    for (const path of ["/api/health", "/api/tickets", "/api/auth/sign-in/email"]) {
      log.mockClear();
      const response = await startApp({}, environment()).request(path);
      const problem = await expectProblem(response, 500, "misconfigured");
      const line = JSON.parse(String(log.mock.calls[0]?.[0])) as Record<string, unknown>;
      expect(line).toMatchObject({ event: "misconfigured", request_id: problem.request_id });
      expect(line.message).toContain(name);
      for (const text of [JSON.stringify(problem), JSON.stringify(line)]) {
        if (value) expect(text).not.toContain(String(value));
      }
      expect(JSON.stringify(problem)).not.toContain(name);
    }
  });

  test("the nightly purge refuses to run", async () => {
    await expect(runCron("17 7 * * *", environment())).rejects.toThrow(ConfigurationError);
  });
});

test("several faults are all named, each once", () => {
  const environment = bindings({ BETTER_AUTH_SECRET: undefined, TIME_ZONE: "", DEFAULT_LOCALE: "x" });
  expect(() => readEnv(environment)).toThrow(/: BETTER_AUTH_SECRET, TIME_ZONE, DEFAULT_LOCALE$/);
});

test("defaults are the shop's: Toronto, English, info", () => {
  const environment = bindings({ TIME_ZONE: undefined, DEFAULT_LOCALE: undefined, LOG_LEVEL: undefined });
  expect(readEnv(environment)).toMatchObject({
    TIME_ZONE: "America/Toronto",
    DEFAULT_LOCALE: "en",
    LOG_LEVEL: "info",
  });
});

test("the same bindings are parsed once", () => {
  const environment = bindings();
  expect(readEnv(environment)).toBe(readEnv(environment));
});
