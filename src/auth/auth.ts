import { AsyncLocalStorage } from "node:async_hooks";
import { apiKey } from "@better-auth/api-key";
import { APIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import type { Env } from "../env.ts";
import { authDatabase } from "./database.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { SESSION_SECONDS } from "./session-token.ts";

/** What every API key begins with. */
export const API_KEY_PREFIX = "sft_";
/** Requests that one API key may make in a window of so many milliseconds. */
export const API_KEY_REQUESTS_PER_WINDOW = 600;
export const API_KEY_WINDOW_MS = 60_000;

const timestamps = { createdAt: "created_at", updatedAt: "updated_at" };

/** What a call of better-auth does not tell: what its database threw, and the stored hash that a password matched. */
interface Noted {
  error?: unknown;
  hash?: string;
}

const calls = new AsyncLocalStorage<Noted>();

/** Whether a password is the one that was hashed; notes the hash if so. */
async function verifyAndNote(given: { hash: string; password: string }): Promise<boolean> {
  const isRight = await verifyPassword(given);
  const noted = calls.getStore();
  if (noted && isRight) noted.hash = given.hash;
  return isRight;
}

const create = (env: Env) =>
  betterAuth({
    appName: "Shopfloor Tickets",
    baseURL: env.BETTER_AUTH_URL,
    basePath: "/api/auth",
    secret: env.BETTER_AUTH_SECRET,
    database: authDatabase(env.DB),
    trustedOrigins: (request) => (request ? [new URL(request.url).origin] : []),
    telemetry: { enabled: false },
    logger: {
      level: "error",
      log: (_level, _message, ...details) => {
        const noted = calls.getStore();
        if (noted) noted.error ??= details.find((detail) => detail instanceof Error && !(detail instanceof APIError));
      },
    },
    // Guesses are counted in sessions/throttle.ts.
    rateLimit: { enabled: false },
    // One join, so that an unknown e-mail address takes as many round trips as a wrong password.
    advanced: { database: { generateId: "serial", joins: true } },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: { hash: hashPassword, verify: verifyAndNote },
    },
    user: {
      modelName: "users",
      fields: { ...timestamps, emailVerified: "email_verified" },
      additionalFields: {
        role: { type: "string", input: false, defaultValue: "operator" },
        language: { type: "string", input: false, required: false },
        active: { type: "boolean", input: false, defaultValue: true },
      },
    },
    session: {
      modelName: "sessions",
      fields: {
        ...timestamps,
        userId: "user_id",
        expiresAt: "expires_at",
        ipAddress: "ip_address",
        userAgent: "user_agent",
      },
      expiresIn: SESSION_SECONDS,
    },
    account: {
      modelName: "accounts",
      fields: {
        ...timestamps,
        userId: "user_id",
        accountId: "account_id",
        providerId: "provider_id",
        accessToken: "access_token",
        refreshToken: "refresh_token",
        idToken: "id_token",
        accessTokenExpiresAt: "access_token_expires_at",
        refreshTokenExpiresAt: "refresh_token_expires_at",
      },
    },
    verification: { modelName: "verifications", fields: { ...timestamps, expiresAt: "expires_at" } },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            const user = await env.DB.prepare("SELECT active FROM users WHERE id = ?")
              .bind(Number(session.userId))
              .first<{ active: number }>();
            if (user?.active !== 1) throw new APIError("UNAUTHORIZED");
          },
        },
      },
    },
    plugins: [
      apiKey({
        rateLimit: { enabled: true, timeWindow: API_KEY_WINDOW_MS, maxRequests: API_KEY_REQUESTS_PER_WINDOW },
        schema: {
          apikey: {
            modelName: "api_keys",
            fields: {
              ...timestamps,
              configId: "config_id",
              referenceId: "user_id",
              refillInterval: "refill_interval",
              refillAmount: "refill_amount",
              lastRefillAt: "last_refill_at",
              rateLimitEnabled: "rate_limit_enabled",
              rateLimitTimeWindow: "rate_limit_time_window",
              rateLimitMax: "rate_limit_max",
              requestCount: "request_count",
              lastRequest: "last_request",
              expiresAt: "expires_at",
            },
          },
        },
      }),
    ],
  });

export type Auth = ReturnType<typeof create>;

const instances = new WeakMap<Env, Auth>();

/** better-auth over our own tables; set up once per isolate. */
function auth(env: Env): Auth {
  let instance = instances.get(env);
  if (!instance) {
    instance = create(env);
    instances.set(env, instance);
  }
  return instance;
}

async function call<T>(env: Env, ask: (api: Auth["api"]) => Promise<T>): Promise<{ answer: T; hash?: string }> {
  const noted: Noted = {};
  const answer = await calls
    .run(noted, () => ask(auth(env).api))
    .catch((error: unknown) => {
      throw noted.error ?? error;
    });
  if (noted.error) throw noted.error;
  return { answer, hash: noted.hash };
}

/**
 * Calls better-auth. What its database throws it only tells its log, to answer as if a credential were wrong: here it is
 * thrown after all.
 */
export const withAuth = async <T>(env: Env, ask: (api: Auth["api"]) => Promise<T>): Promise<T> =>
  (await call(env, ask)).answer;

/**
 * Opens a session for whoever knows the password.
 *
 * @returns the unsigned token, the person, and the hash that the password matched: whether it is still theirs when the
 *   session is there is for the caller to ask.
 * @throws APIError for wrong credentials, and whatever the database throws.
 */
export async function openSession(env: Env, body: { email: string; password: string }) {
  const { answer, hash } = await call(env, (api) => api.signInEmail({ body }));
  return { ...answer, hash: hash ?? "" };
}
