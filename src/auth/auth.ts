import { AsyncLocalStorage } from "node:async_hooks";
import { betterAuth } from "better-auth/minimal";
import type { Env } from "../env.ts";
import { type Account, type SignIn, signInDatabase } from "./database.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { SESSION_SECONDS } from "./session-token.ts";

const timestamps = { createdAt: "created_at", updatedAt: "updated_at" };

const signIns = new AsyncLocalStorage<SignIn>();

function current(): SignIn {
  const signIn = signIns.getStore();
  if (!signIn) throw new Error("better-auth is asked outside of a sign-in");
  return signIn;
}

const create = (env: Env) =>
  betterAuth({
    appName: "Shopfloor Tickets",
    baseURL: env.BETTER_AUTH_URL,
    basePath: "/api/auth",
    secret: env.BETTER_AUTH_SECRET,
    database: signInDatabase(current),
    trustedOrigins: (request) => (request ? [new URL(request.url).origin] : []),
    telemetry: { enabled: false },
    logger: { disabled: true },
    // Guesses are counted in sessions/throttle.ts.
    rateLimit: { enabled: false },
    // The account comes with its credentials.
    advanced: { database: { generateId: "serial", joins: true } },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: { hash: hashPassword, verify: verifyPassword },
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
  });

type Auth = ReturnType<typeof create>;

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

/**
 * Checks a password, and works out the session of whoever knows it.
 *
 * @param account as `selectAccount` gives it; an unknown one takes as long to refuse as a wrong password.
 * @returns the columns of the session, which is for the caller to write if the account is active, and the password still
 *   the one with this hash.
 * @throws APIError for wrong credentials.
 */
export async function openSession(env: Env, body: { email: string; password: string }, account: Account | undefined) {
  const signIn: SignIn = { account };
  const { token } = await signIns.run(signIn, () => auth(env).api.signInEmail({ body }));
  return { token, session: signIn.session ?? {} };
}
