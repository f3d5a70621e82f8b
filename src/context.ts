import type { Actor } from "./actor.ts";
import type { Prelude } from "./db/checked-database.ts";
import { type Database, queryBuilder } from "./db/query-builder.ts";
import { type Bindings, type Env, readEnv } from "./env.ts";
import { createLogger, type Logger } from "./log.ts";
import type { Locale } from "./vocabulary/locales.ts";
import type { World } from "./world.ts";

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
  /** What this isolate has yet to write, with the first trip of somebody who is signed in. */
  prelude: Prelude | null;
  /** Keeps the Worker alive for this promise after the answer is sent. */
  waitUntil(promise: Promise<unknown>): void;
}

/** The context of a signed-in request. */
export interface ActorContext extends RequestContext {
  actor: Actor;
}

/** The header `Idempotency-Key` of a request, together with what it must match. */
export interface IdempotencyKey {
  /** Method and path, so that one key may serve several routes. */
  route: string;
  key: string;
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

/**
 * The context of one event: a request, a queue message or a cron run.
 *
 * @param fields go into each log line.
 * @throws ConfigurationError when the environment is not fit.
 */
export function createContext(bindings: Bindings, world: World, fields: Record<string, unknown>): Context {
  const env = readEnv(bindings);
  return { ...world, env, db: queryBuilder(env.DB), log: createLogger(env.LOG_LEVEL, fields) };
}
