import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context as HonoContext } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { apiKeyRoutes } from "./api-keys/routes.ts";
import { attachmentRoutes, ticketAttachmentRoutes } from "./attachments/routes.ts";
import { BeginAgain, beginningAgain } from "./auth/guard.ts";
import { bootstrapRoutes, changeRoutes } from "./changes/routes.ts";
import { type AppEnv, createContext, type RequestContext } from "./context.ts";
import { contactRoutes } from "./customers/contact-routes.ts";
import { customerRoutes } from "./customers/routes.ts";
import { CheckFailed } from "./db/checked-database.ts";
import { unavailability } from "./db/errors.ts";
import { deliveryRoutes } from "./deliveries/routes.ts";
import { publicEmailRoutes } from "./emails/public-routes.ts";
import { emailRoutes, ticketEmailRoutes } from "./emails/routes.ts";
import { ConfigurationError } from "./env.ts";
import { healthRoutes } from "./health/routes.ts";
import { cacheControl } from "./http/cache-control.ts";
import { ifNoneMatchHits } from "./http/etag.ts";
import { knownParameters } from "./http/known-parameters.ts";
import { methodTable } from "./http/methods.ts";
import { clientRequestId, requestIds } from "./http/request-id.ts";
import { createLogger, describeError } from "./log.ts";
import { machineRoutes, machineTypeRoutes } from "./machines/routes.ts";
import { DOCS_CONTENT_SECURITY_POLICY, DOCS_PAGE } from "./openapi/docs-page.ts";
import { openApiText, registerComponents } from "./openapi/document.ts";
import { missingPage, pageRoutes } from "./pages/routes.ts";
import { AppError, ERRORS_MAX, type FieldError, negotiateLocale, PROBLEMS, problemResponse } from "./problem.ts";
import { problemRoutes } from "./problems/routes.ts";
import { pushRoutes } from "./push/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { statsRoutes } from "./stats/routes.ts";
import { customerSyncRoutes, stripeRoutes, syncRoutes } from "./sync/routes.ts";
import { ticketExportRoutes, ticketImportRoutes } from "./tickets/csv/routes.ts";
import { customerTicketRoutes, machineTicketRoutes, myTicketRoutes } from "./tickets/related-routes.ts";
import { ticketRoutes } from "./tickets/routes.ts";
import { meRoutes, userRoutes } from "./users/routes.ts";
import { pabblyEndpoint } from "./webhooks/pabbly.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import { realWorld, type World } from "./world.ts";

const fieldErrors = (issues: { path: PropertyKey[]; message: string }[]): FieldError[] =>
  issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));

/** Everything below /api, chained so that its type describes the whole API. */
const routes = () =>
  new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = fieldErrors(result.error.issues.slice(0, ERRORS_MAX));
      const fields = [...new Set(errors.map((error) => error.path || "body"))].join(", ");
      throw new AppError("validation_failed", { params: { fields }, errors });
    },
  })
    .route("/health", healthRoutes)
    .route("/auth", sessionRoutes)
    .route("/me", meRoutes)
    .route("/users", userRoutes)
    .route("/api-keys", apiKeyRoutes)
    .route("/machine-types", machineTypeRoutes)
    .route("/machines", machineRoutes)
    .route("/tickets", ticketRoutes)
    .route("/me", myTicketRoutes)
    .route("/machines", machineTicketRoutes)
    .route("/customers", customerRoutes)
    .route("/customers", contactRoutes)
    .route("/customers", customerTicketRoutes)
    .route("/customers", customerSyncRoutes)
    .route("/stats", statsRoutes)
    .route("/changes", changeRoutes)
    .route("/me", bootstrapRoutes)
    .route("/tickets", ticketAttachmentRoutes)
    .route("/tickets", ticketImportRoutes)
    .route("/tickets.csv", ticketExportRoutes)
    .route("/attachments", attachmentRoutes)
    .route("/tickets", ticketEmailRoutes)
    .route("/emails", emailRoutes)
    .route("/push", pushRoutes)
    .route("/webhooks", webhookRoutes)
    .route("/deliveries", deliveryRoutes)
    .route("/sync", syncRoutes)
    .route("/stripe", stripeRoutes);

function withApi(app: OpenAPIHono<AppEnv>) {
  const api = app.route("/api", routes()).route("/", publicEmailRoutes);
  registerComponents(api);
  return api;
}

/** The API's type, for `hc<AppType>(origin)` of `hono/client`. */
export type AppType = ReturnType<typeof withApi>;

// The security headers that matter to an API and its one page; the middleware's others are for browsers of the past.
const SECURE_HEADERS = {
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/**
 * Builds the application.
 *
 * @param world replaces the clock and the waiting, for tests.
 */
export function createApp(world: World = realWorld) {
  const app = new OpenAPIHono<AppEnv>();

  app.use("/t/*", async (c, next) => {
    await next();
    // Mail programs that run in a browser show the pixel on a site of their own.
    c.header("cross-origin-resource-policy", "cross-origin");
  });
  app.use(requestIds);
  app.use(secureHeaders(SECURE_HEADERS));
  app.use(async (c, next) => {
    const started = world.now().getTime();
    const requestId = c.get("requestId");
    const base = createContext(c.env, world, {
      request_id: requestId,
      client_request_id: clientRequestId(c.req.header("x-request-id")) ?? undefined,
    });
    const ctx: RequestContext = {
      ...base,
      locale: negotiateLocale(c.req.header("accept-language"), base.env.DEFAULT_LOCALE),
      requestId,
      origin: new URL(base.env.BETTER_AUTH_URL ?? c.req.url).origin,
      prelude: pabblyEndpoint(base),
      waitUntil: (promise) => c.executionCtx.waitUntil(promise),
    };
    c.set("ctx", ctx);
    await next();
    const { headers, status } = c.res;
    // Not by `c.header`, which makes a finished response anew, with its body as a stream.
    if (!headers.has("cache-control")) headers.set("cache-control", cacheControl(c.req.path, status));
    ctx.log.info("request", {
      method: c.req.method,
      // What follows /t/ and /u/ is as good as a password.
      path: c.req.path.replace(/^(\/[tu]\/).*/s, "$1"),
      status: c.res.status,
      ms: world.now().getTime() - started,
      user_id: c.get("actorCtx")?.actor.id,
    });
  });

  const api = withApi(app);
  const openApi = openApiText(api);
  api.get("/api/openapi.json", knownParameters([]), (c) => {
    const { body, etag } = openApi();
    if (ifNoneMatchHits(c.req.header("if-none-match"), etag)) return c.body(null, 304, { etag });
    return c.body(body, 200, { "content-type": "application/json", etag });
  });
  api.get("/api/docs", knownParameters([]), (c) =>
    c.html(DOCS_PAGE, 200, { "content-security-policy": DOCS_CONTENT_SECURITY_POLICY }),
  );

  api.route("/problems", problemRoutes);
  api.route("/", pageRoutes);

  const methodsOf = methodTable(api);
  api.notFound(async (c) => {
    const allowed = methodsOf(c.req.path);
    if (allowed.length === 0) return (await missingPage(c)) ?? answerProblem(c, new AppError("not_found"));
    const allow = allowed.join(", ");
    if (c.req.method === "OPTIONS") return c.body(null, 204, { allow });
    return answerProblem(c, new AppError("method_not_allowed", { params: { allow }, headers: { allow } }));
  });

  api.onError((error, c) => {
    // Not for the outside: the guard knows what follows.
    if (error instanceof BeginAgain || CheckFailed.is(error)) throw error;
    return answerProblem(c, error);
  });
  const { fetch } = api;
  api.fetch = (request, ...rest) => beginningAgain(request, (again) => fetch(again, ...rest));
  return api;
}

/** Answers with a problem document; what nobody meant to happen goes to the log. */
function answerProblem(c: HonoContext<AppEnv>, error: Error): Response {
  const ctx = c.get("ctx") as RequestContext | undefined;
  const problem = asAppError(error);
  // Doing without Stripe is a choice, not a fault.
  if (PROBLEMS[problem.code].status >= 500 && problem.code !== "stripe_not_configured") {
    const log = ctx?.log ?? createLogger("info", { request_id: c.get("requestId") });
    log.error(problem.code, describeError(error));
  }
  const locale = ctx?.locale ?? negotiateLocale(c.req.header("accept-language"), "en");
  return problemResponse(problem, locale, c.get("requestId"));
}

function asAppError(error: Error): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ConfigurationError) return new AppError("misconfigured");
  return unavailability(error) ?? new AppError("internal_error");
}
