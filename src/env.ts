import { getCountries } from "libphonenumber-js/min";
import { z } from "zod";
import { isTimeZone } from "./time/zone.ts";
import { LOCALES } from "./vocabulary/locales.ts";

/** A secret that may be left out; blank means the same. */
const optionalSecret = z
  .string()
  .trim()
  .optional()
  .transform((value) => value || undefined);

/** Every variable and secret the Worker reads: its type, its bounds, its default. */
const settingsSchema = z.object({
  /** Signs sessions. `openssl rand -base64 32` makes one. */
  BETTER_AUTH_SECRET: z.string().min(32),
  /** Public origin, only needed when a proxy changes the Host header. Links in e-mails lead there. */
  BETTER_AUTH_URL: z.url().optional(),
  /** The shop's own IANA time zone: it decides the month in a ticket number. */
  TIME_ZONE: z.string().default("America/Toronto").refine(isTimeZone, "not an IANA time zone"),
  DEFAULT_LOCALE: z.enum(LOCALES).default("en"),
  /** VAPID key pair of RFC 8292, base64url: 65-byte public point, 32-byte private scalar. */
  VAPID_PUBLIC_KEY: z.string().regex(/^[\w-]{87}$/),
  VAPID_PRIVATE_KEY: z.string().regex(/^[\w-]{43}$/),
  /** Whom a push service may write to: a real `mailto:` or `https:` address, or Apple refuses. */
  VAPID_SUBJECT: z.string().regex(/^(mailto:.+@.+|https:\/\/.+)$/),
  /** More push service hosts, separated by commas. */
  PUSH_HOSTS: z
    .string()
    .default("")
    .transform((hosts) =>
      hosts
        .split(",")
        .map((host) => host.trim().toLowerCase())
        .filter(Boolean),
    ),
  /** A critical ticket that nobody has acknowledged for so long is escalated. */
  ESCALATE_AFTER_MINUTES: z.coerce.number().int().min(1).max(1440).default(10),
  /** ISO 3166 region of phone numbers that are written without a country code. */
  DEFAULT_REGION: z.enum(getCountries()).default("CA"),
  /** Whom e-mails come from, as `Name <address>`: an address of a domain that the account may send for. */
  EMAIL_FROM: z
    .string()
    .transform((text) => /^([^<>"\r\n]{1,100}) <([^<>\s]+@[^<>\s]+)>$/.exec(text.trim()))
    .refine((parts) => parts !== null, "must be: Name <address>")
    .transform((parts) => ({ name: parts?.[1] ?? "", email: parts?.[2] ?? "" })),
  /** Lets customers be kept at Stripe (`sk_...` or a restricted `rk_...`). */
  STRIPE_SECRET_KEY: optionalSecret,
  /** Verifies what Stripe sends (`whsec_...`). */
  STRIPE_WEBHOOK_SECRET: optionalSecret,
  /** Where Stripe is: another origin only for tests. */
  STRIPE_API_BASE: z
    .url({ protocol: /^https?$/ })
    .default("https://api.stripe.com")
    .refine((url) => new URL(url).pathname === "/", "must have no path"),
  /** Creates the webhook endpoint for Pabbly when present. */
  PABBLY_WEBHOOK_URL: z.url().optional(),
  /** Local development only: webhooks and push may go to http://localhost and 127.0.0.1. */
  ALLOW_LOCAL_TARGETS: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Settings = z.output<typeof settingsSchema>;

/** A message of the queue `deliveries`. The row in D1 is the truth; losing a message loses nothing. */
export interface DeliveryMessage {
  ids: number[];
}

/** What wrangler.toml binds. */
export interface Bindings {
  DB: D1Database;
  ASSETS: Fetcher;
  ATTACHMENTS: R2Bucket;
  /** Carries ids of due deliveries to the consumer. */
  DELIVERIES: Queue<DeliveryMessage>;
  EMAIL: SendEmail;
  /** Counts the requests of each API key. */
  API_KEY_REQUESTS: RateLimit;
}

export type Env = Omit<Bindings, "DB"> &
  Settings & {
    /** The only ways there are to the database: a trip is a batch, or a statement by itself. */
    DB: Pick<D1Database, "prepare" | "batch">;
  };

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
    ATTACHMENTS: raw.ATTACHMENTS,
    DELIVERIES: raw.DELIVERIES,
    EMAIL: raw.EMAIL,
    API_KEY_REQUESTS: raw.API_KEY_REQUESTS,
  };
  parsed.set(raw, env);
  return env;
}
