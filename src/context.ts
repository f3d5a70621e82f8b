import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { Actor } from "./auth/actor.ts";
import type * as schema from "./db/schema.ts";
import type { Bindings, Env } from "./env.ts";
import type { IdempotencyKey } from "./http/idempotency.ts";
import type { Logger } from "./log.ts";
import type { Locale } from "./problem.ts";

export type Database = DrizzleD1Database<typeof schema>;

/** The outside world, so that a test can own the clock and the waiting. */
export interface World {
  /** The current instant. */
  now(): Date;
  /** Resolves after `ms` milliseconds. */
  sleep(ms: number): Promise<void>;
}

export const realWorld: World = {
  now: () => new Date(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** What a verb may know of the request it serves. Verbs never see Hono's context. */
export interface Context extends World {
  env: Env;
  db: Database;
  locale: Locale;
  log: Logger;
  requestId: string;
}

/** The context of a signed-in request. */
export interface ActorContext extends Context {
  actor: Actor;
}

/** Hono's generics for every router of the application. */
export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    ctx: Context;
    actorCtx: ActorContext;
    idempotencyKey: IdempotencyKey | null;
  };
}

const databases = new WeakMap<D1Database, Database>();

/** The query builder over this binding, made once per isolate. */
export function database(d1: D1Database): Database {
  let db = databases.get(d1);
  if (!db) {
    db = drizzle(d1) as Database;
    databases.set(d1, db);
  }
  return db;
}
