import { OpenAPIHono } from "@hono/zod-openapi";
import { deleteCookie, setCookie } from "hono/cookie";
import { findSession } from "../auth/session.ts";
import { SESSION_COOKIE, SESSION_SECONDS, sentToken, sessionToken } from "../auth/session-token.ts";
import type { AppEnv, RequestContext } from "../context.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { DEVICE_COOKIE, DEVICE_SECONDS, deviceCookie, knownDevice } from "./device.ts";
import { networkOf } from "./places.ts";
import { SessionOutput, SignedInUser, SignInInput, SignInOutput } from "./schemas.ts";
import { signIn } from "./sign-in.ts";
import { signOut } from "./sign-out.ts";

const openSession = defineRoute({
  method: "post",
  path: "/sign-in/email",
  tag: "Sign-in",
  operationId: "signIn",
  summary: "Sign in with e-mail address and password",
  description:
    "The token also comes in the header `set-auth-token`, and as a cookie for browsers. It is signed: what the database " +
    "holds of a session opens nothing. Guesses are counted by account and address: five are free, then each waits twice " +
    "as long, to 15 minutes. The cookie `shopfloor.device` makes a device known, which the guesses of others do not hold up.",
  permission: "public",
  body: SignInInput,
  answers: { 200: json(SignInOutput, "Signed in", "Set-Auth-Token") },
  problems: ["invalid_credentials", "too_many_requests"],
});

const endSession = defineRoute({
  method: "post",
  path: "/sign-out",
  tag: "Sign-in",
  operationId: "signOut",
  summary: "End this session",
  description:
    "The token and the cookie end at once, and the devices that were registered in this session get no more pushes.",
  permission: "signed-in",
  answers: { 204: { description: "Signed out" } },
});

const getSession = defineRoute({
  method: "get",
  path: "/get-session",
  tag: "Sign-in",
  operationId: "getSession",
  summary: "The current session, or null",
  description: "For a page that wants to know whether somebody is signed in. An API key is no session.",
  permission: "public",
  answers: { 200: json(SessionOutput, "The session") },
});

/** How the session cookie is set and taken back: out of reach for scripts, other sites and plain connections. */
const cookieOptions = (ctx: RequestContext) =>
  ({ path: "/", httpOnly: true, sameSite: "Lax", secure: ctx.origin.startsWith("https:") }) as const;

export const sessionRoutes = new OpenAPIHono<AppEnv>()
  .openapi(openSession, async (c) => {
    const ctx = c.get("ctx");
    const { password } = c.req.valid("json");
    const email = c.req.valid("json").email.toLowerCase();
    const { headers } = c.req.raw;
    const { token: unsigned, actor } = await signIn(ctx, email, password, {
      network: networkOf(c.req.header("cf-connecting-ip")),
      device: knownDevice(ctx, headers, email),
    });
    const token = sentToken(ctx.env, unsigned, actor);
    setCookie(c, SESSION_COOKIE, token, { ...cookieOptions(ctx), maxAge: SESSION_SECONDS });
    setCookie(c, DEVICE_COOKIE, deviceCookie(ctx, headers, email), {
      ...cookieOptions(ctx),
      path: "/api/auth/sign-in",
      maxAge: DEVICE_SECONDS,
    });
    c.header("set-auth-token", token);
    return c.json({ token, user: SignedInUser.parse(actor) }, 200);
  })
  .openapi(endSession, async (c) => {
    const ctx = c.get("actorCtx");
    await signOut(ctx);
    deleteCookie(c, SESSION_COOKIE, cookieOptions(ctx));
    return c.body(null, 204);
  })
  .openapi(getSession, async (c) => {
    const ctx = c.get("ctx");
    const sent = c.req.header("x-api-key") ? null : sessionToken(ctx.env, c.req.raw.headers);
    const session = sent && (await findSession(ctx, sent.token));
    if (!session) return c.json(null, 200);
    const { actor, expiresAt } = session;
    return c.json({ session: { id: actor.sessionId, expires_at: expiresAt }, user: SignedInUser.parse(actor) }, 200);
  });
