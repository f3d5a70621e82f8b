import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { APIError } from "better-auth";
import type { Context as HonoContext } from "hono";
import type { AppEnv } from "../context.ts";
import { jsonBody } from "../http/json-body.ts";
import { json, jsonRequest, problems } from "../http/schemas.ts";
import { AppError } from "../problem.ts";
import { removeSessionDevices } from "../push/subscriptions.ts";
import { resolveActor } from "./actor.ts";
import { auth } from "./auth.ts";
import { requires } from "./guard.ts";
import { SessionOutput, SignedInUser, SignInInput, SignInOutput } from "./schemas.ts";
import { throttleSignIn } from "./throttle.ts";

const tags = ["Sign-in"];

const signIn = createRoute({
  method: "post",
  path: "/sign-in/email",
  tags,
  summary: "Sign in with e-mail address and password",
  description: "The token also comes in the header `set-auth-token`, and as a cookie for browsers.",
  security: [],
  middleware: [jsonBody],
  request: { body: jsonRequest(SignInInput) },
  responses: {
    200: json(SignInOutput, "Signed in"),
    ...problems(
      "invalid_json",
      "validation_failed",
      "invalid_credentials",
      "unsupported_media_type",
      "too_many_requests",
    ),
  },
});

const signOut = createRoute({
  method: "post",
  path: "/sign-out",
  tags,
  summary: "End this session",
  middleware: [requires(null)],
  responses: { 204: { description: "Signed out" }, ...problems("unauthorized") },
});

const getSession = createRoute({
  method: "get",
  path: "/get-session",
  tags,
  summary: "The current session, or null",
  security: [],
  responses: { 200: json(SessionOutput, "The session") },
});

/** Hands on better-auth's cookies, marked `Secure` wherever the connection is. */
function passCookies(c: HonoContext<AppEnv>, from: Headers): void {
  const encrypted = new URL(c.req.url).protocol === "https:";
  for (const cookie of from.getSetCookie()) {
    const marked = encrypted && !/;\s*secure/i.test(cookie) ? `${cookie}; Secure` : cookie;
    c.header("set-cookie", marked, { append: true });
  }
}

export const authRoutes = new OpenAPIHono<AppEnv>()
  .openapi(signIn, async (c) => {
    const ctx = c.get("ctx");
    const { password } = c.req.valid("json");
    const email = c.req.valid("json").email.toLowerCase();
    await throttleSignIn(ctx, email, c.req.header("cf-connecting-ip") ?? "unknown");
    const answer = await auth(ctx.env)
      .api.signInEmail({ body: { email, password }, returnHeaders: true })
      .catch((error: unknown) => {
        // Unknown address, wrong password and disabled account answer alike.
        if (error instanceof APIError && error.statusCode < 500) throw new AppError("invalid_credentials");
        throw error;
      });
    passCookies(c, answer.headers);
    c.header("set-auth-token", answer.headers.get("set-auth-token") ?? undefined);
    const { token, user } = answer.response;
    return c.json({ token, user: SignedInUser.parse({ ...user, id: Number(user.id) }) }, 200);
  })
  .openapi(signOut, async (c) => {
    const ctx = c.get("actorCtx");
    // First the devices: a phone that was handed on must not go on buzzing for whoever had it.
    await removeSessionDevices(ctx);
    const { headers } = await auth(ctx.env).api.signOut({
      headers: c.req.raw.headers,
      returnHeaders: true,
    });
    passCookies(c, headers);
    return c.body(null, 204);
  })
  .openapi(getSession, async (c) => {
    const ctx = c.get("ctx");
    const actor = await resolveActor(ctx, c.req.raw.headers, false);
    if (!actor || actor.sessionId === null) return c.json(null, 200);
    const session = await ctx.env.DB.prepare("SELECT id, expires_at FROM sessions WHERE id = ?")
      .bind(actor.sessionId)
      .first<{ id: number; expires_at: string }>();
    return c.json(session && { session, user: SignedInUser.parse(actor) }, 200);
  });
