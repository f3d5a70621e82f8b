import { z } from "zod";

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** Every variable and secret the Worker reads: its type, its bounds, its default. */
const settingsSchema = z.object({
  /** Signs sessions. `openssl rand -base64 32` makes one. */
  BETTER_AUTH_SECRET: z.string().min(32),
  /** Public origin, only needed when a proxy changes the Host header. */
  BETTER_AUTH_URL: z.url().optional(),
  /** The shop's own IANA time zone: it decides the month in a ticket number. */
  TIME_ZONE: z.string().default("America/Toronto").refine(isTimeZone, "not an IANA time zone"),
  DEFAULT_LOCALE: z.enum(["en", "fr"]).default("en"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Settings = z.output<typeof settingsSchema>;

/** What wrangler.toml binds. */
export interface Bindings {
  DB: D1Database;
  ASSETS: Fetcher;
  SIGN_IN_ACCOUNT_LIMIT: RateLimit;
  SIGN_IN_ADDRESS_LIMIT: RateLimit;
}

export type Env = Bindings & Settings;

/** Thrown when the Worker is deployed without a variable it needs. Carries names, never values. */
export class ConfigurationError extends Error {
  constructor(variables: string[]) {
    super(`missing or invalid configuration: ${variables.join(", ")}`);
  }
}

const parsed = new WeakMap<object, Env>();

/**
 * The checked environment. Every entry point (fetch, queue, scheduled) starts here.
 * Parsed once per isolate, since workerd hands the same object to each event.
 *
 * @throws ConfigurationError naming each variable that is missing or malformed.
 */
export function readEnv(raw: Bindings): Env {
  const known = parsed.get(raw);
  if (known) return known;
  const result = settingsSchema.safeParse(raw);
  if (!result.success) {
    throw new ConfigurationError([...new Set(result.error.issues.map((issue) => String(issue.path[0])))]);
  }
  const env = {
    ...result.data,
    DB: raw.DB,
    ASSETS: raw.ASSETS,
    SIGN_IN_ACCOUNT_LIMIT: raw.SIGN_IN_ACCOUNT_LIMIT,
    SIGN_IN_ADDRESS_LIMIT: raw.SIGN_IN_ADDRESS_LIMIT,
  };
  parsed.set(raw, env);
  return env;
}
