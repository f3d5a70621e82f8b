import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { unauthorized } from "../db/signed-in.ts";
import type { Env } from "../env.ts";
import { AppError } from "../problem.ts";
import { can, type Permission } from "../vocabulary/roles.ts";
import { resolveActor } from "./actor.ts";

/** Whether a browser's `Origin` is this site: by its public address, or as the request came in. */
const isOwnOrigin = (origin: string, requestUrl: string, env: Env): boolean =>
  [requestUrl, env.BETTER_AUTH_URL].some((url) => url !== undefined && new URL(url).origin === origin);

/**
 * Lets a request pass only when its sender is signed in and has the permission; leaves the actor's context behind.
 *
 * @param permission null: being signed in is enough.
 * @param options.deferred the handler's batch itself checks the session (see `stillSignedIn`).
 * @param options.by `person`: refuses API keys, whatever the role of whom they act for. Accounts and keys are made,
 *   changed and ended by people only, so that no key outlives or outranks the person it was made for.
 */
export const requires = (permission: Permission | null, options: { deferred?: boolean; by?: "person" } = {}) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const ctx = c.get("ctx");
    const actor = await resolveActor(ctx, c.req.raw.headers, options.deferred ?? false);
    if (!actor) throw unauthorized();
    // A cookie travels with requests that another site starts; a token or key does not.
    const origin = c.req.header("origin");
    const byCookie = !c.req.header("authorization") && !c.req.header("x-api-key");
    if (byCookie && origin && !["GET", "HEAD"].includes(c.req.method) && !isOwnOrigin(origin, c.req.url, ctx.env)) {
      throw new AppError("cross_origin_request");
    }
    if (permission && !can(actor.role, permission)) {
      throw new AppError("forbidden", { params: { permission } });
    }
    if (options.by === "person" && actor.sessionId === null) throw new AppError("person_required");
    c.set("actorCtx", { ...ctx, actor });
    await next();
  });
