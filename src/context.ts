import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Actor } from "./auth/actor.ts";
import { type Bindings, type Env, readEnv } from "./env.ts";
import type { IdempotencyKey } from "./http/idempotency.ts";
import { createLogger, type Logger } from "./log.ts";
import type { Locale } from "./problem.ts";

/** The query builder: it reads, and writes nothing (docs/decisions/sql-and-query-builder.md). */
export type Database = Pick<DrizzleD1Database, "select" | "batch">;

/** The outside world, so that a test can own the clock and the waiting. */
export interface World {
  /** The current instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
  /** How the Worker reaches push services, webhooks and Stripe. */
  fetch: typeof fetch;
}

export const realWorld: World = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  fetch: (input, init) => fetch(input, init),
};

/** The same context with its clock standing still: one instant for all that a request writes and compares with. */
export function atOneInstant<C extends World>(ctx: C): C {
  const now = ctx.now();
  return { ...ctx, now: () => now };
}

/** What every verb may know. Verbs never see Hono's context, a queue message or a cron event. */
export interface Context extends World {
  env: Env;
  db: Database;
  log: Logger;
}

/** The context of a request. */
export interface RequestContext extends Context {
  locale: Locale;
  requestId: string;
  /** Where the public finds this installation: scheme, host and port. Links in e-mails lead there. */
  origin: string;
  /** Keeps the Worker alive for this promise after the answer is sent. */
  waitUntil(promise: Promise<unknown>): void;
}

/** The context of a signed-in request. */
export interface ActorContext extends RequestContext {
  actor: Actor;
}

/** Hono's generics for every router of the application. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    ctx: RequestContext;
    actorCtx: ActorContext;
    idempotencyKey: IdempotencyKey | null;
  };
}

const databases = new WeakMap<D1Database, Database>();

/** The query builder over this binding, made once per isolate. */
export function database(d1: D1Database): Database {
  let db = databases.get(d1);
  if (!db) {
    db = drizzle(d1);
    databases.set(d1, db);
  }
  return db;
}

/**
 * The context of one event: a request, a queue message or a cron run.
 *
 * @param fields go into each log line.
 * @throws ConfigurationError when the environment is not fit.
 */
export function createContext(bindings: Bindings, world: World, fields: Record<string, unknown>): Context {
  const env = readEnv(bindings);
  return { ...world, env, db: database(env.DB), log: createLogger(env.LOG_LEVEL, fields) };
}
