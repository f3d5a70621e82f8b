import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import type { Actor } from "../actor.ts";
import type { AppEnv } from "../context.ts";
import { CheckedDatabase, CheckFailed } from "../db/checked-database.ts";
import { queryBuilder } from "../db/query-builder.ts";
import type { Env } from "../env.ts";
import { AppError } from "../problem.ts";
import { can, type Permission } from "../vocabulary/roles.ts";
import { identify } from "./identify.ts";

/** Nobody is signed in, or not any more. */
const unauthorized = (): AppError => new AppError("unauthorized", { headers: { "www-authenticate": "Bearer" } });

/** Whether a browser's `Origin` is this site: by its public address, or as the request came in. */
const isOwnOrigin = (origin: string, requestUrl: string, env: Env): boolean =>
  [requestUrl, env.BETTER_AUTH_URL].some((url) => url !== undefined && new URL(url).origin === origin);

/** Says for whom a request is, by their id: any other session refuses it. */
export const USER_HEADER = "Shopfloor-User";

/** Who may use a route. */
interface Admission {
  /** null: being signed in is enough. */
  permission: Permission | null;
  /**
   * `person`: refuses API keys, whatever the role of whom they act for. Accounts and keys are made, changed and ended by
   * people only, so that no key outlives or outranks the person it was made for.
   */
  by?: "person" | undefined;
}

/** What a signed-in person may not do here, or null. */
function refusalOf(c: HonoContext<AppEnv>, { permission, by }: Admission, actor: Actor): AppError | null {
  // A session belongs to a browser, what waits in it to a person: on a phone that was handed on they are not the same.
  const meant = c.req.header(USER_HEADER);
  if (meant !== undefined && meant !== String(actor.id)) return new AppError("signed_in_as_other");
  // A cookie travels with requests that another site starts; a token or key does not.
  const origin = c.req.header("origin");
  const byCookie = !c.req.header("authorization") && !c.req.header("x-api-key");
  const changes = !["GET", "HEAD"].includes(c.req.method);
  if (byCookie && origin && changes && !isOwnOrigin(origin, c.req.url, c.get("ctx").env)) {
    return new AppError("cross_origin_request");
  }
  if (permission && !can(actor.role, permission)) return new AppError("forbidden", { params: { permission } });
  return by === "person" && actor.sessionId === null ? new AppError("person_required") : null;
}

/** Thrown when a request was taken for somebody else's before it did anything: it begins again (see `beginningAgain`). */
export class BeginAgain extends Error {
  readonly request: Request;

  constructor(request: Request) {
    super("the sender was not as presumed");
    this.request = request;
  }
}

// Requests that were taken for somebody else's once: now the database is asked first.
const begunAgain = new WeakSet<Request>();

/** Handles a request, and once more from the beginning when its sender was taken for somebody else. */
export async function beginningAgain<Answer>(request: Request, handle: (request: Request) => Promise<Answer> | Answer) {
  try {
    return await handle(request);
  } catch (error) {
    if (!(error instanceof BeginAgain)) throw error;
    begunAgain.add(error.request);
    return handle(error.request);
  }
}

/** The request as it came in, or null when its body is read already and was no JSON. */
async function unread(c: HonoContext<AppEnv>): Promise<Request | null> {
  if (!c.req.raw.bodyUsed) return c.req.raw;
  const body = await c.req.bodyCache.text;
  return body === undefined ? null : new Request(c.req.raw, { body });
}

/**
 * Lets a request pass only when its sender is signed in and may use the route, and leaves a context behind whose every
 * trip to the database checks that again. Whose a session is, this isolate or the token itself says beforehand; nothing
 * is answered on that alone, and where it is wrong the request begins again.
 *
 * @param options.asksFirst the database is asked before the body is read, since that could not be read a second time.
 */
export const requires = (admission: Admission, options: { asksFirst: boolean }) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const base = c.get("ctx");
    const ask = (mayPresume: boolean) => identify(base, c.req.raw.headers, mayPresume);
    const sender = await ask(!options.asksFirst && !begunAgain.has(c.req.raw));
    if (!sender) throw unauthorized();
    const { actor, isLookedUp, check } = sender;
    const database = new CheckedDatabase(base.env.DB, check, { hasPassed: isLookedUp, prelude: base.prelude });
    const ctx = { ...base, env: { ...base.env, DB: database }, db: queryBuilder(database), actor };
    c.set("ctx", ctx);
    c.set("actorCtx", ctx);
    const refusal = refusalOf(c, admission, actor);
    try {
      if (!refusal) await next();
      await database.confirm();
    } catch (error) {
      if (!CheckFailed.is(error)) throw error;
      // They were who they seemed to be when the request began, and may have done something.
      if (database.hasPassed) throw unauthorized();
      const request = await unread(c);
      if (request) throw new BeginAgain(request);
      // The answer is about the body alone: too long, or no JSON. It stands for whoever may send one.
      const truly = await ask(false);
      if (!truly) throw unauthorized();
      const trueRefusal = refusalOf(c, admission, truly.actor);
      if (trueRefusal) throw trueRefusal;
      return;
    }
    if (refusal) throw refusal;
  });
