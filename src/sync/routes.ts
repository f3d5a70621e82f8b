import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { resume } from "../deliveries/pauses.ts";
import { readBody } from "../http/body.ts";
import { JSON_BODY_LIMIT, jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { receiveEvent } from "./events.ts";
import { requestSync, requestSyncs, requireStripe } from "./request.ts";
import {
  StripeEventInput,
  StripeEventOutput,
  SyncCustomersInput,
  SyncCustomersOutput,
  SyncedCustomerOutput,
  SyncStatusOutput,
} from "./schemas.ts";
import { syncStatus } from "./status.ts";

const tags = ["Sync"];
const access = ["unauthorized", "forbidden"] as const;

const syncOne = createRoute({
  method: "post",
  path: "/{id}/sync",
  tags,
  summary: "Bring one customer at Stripe up to date",
  description: "One job for each customer: asking again while it waits or is under way brings that job up to date.",
  middleware: [requires("sync:manage")],
  request: { params: IdParam },
  responses: {
    202: json(SyncedCustomerOutput, "The customer's job"),
    ...problems("validation_failed", ...access, "customer_unknown", "stripe_not_configured"),
  },
});

const syncMany = createRoute({
  method: "post",
  path: "/customers",
  tags,
  summary: "Bring customers at Stripe up to date",
  description:
    "Those named, or all who are in use; customers who are gone here and still at Stripe are removed there. " +
    "Follow the progress at `GET /api/sync`.",
  middleware: [requires("sync:manage"), jsonBody],
  request: { body: jsonRequest(SyncCustomersInput) },
  responses: {
    202: json(SyncCustomersOutput, "On their way"),
    ...problems("invalid_json", "validation_failed", ...access, "unsupported_media_type", "stripe_not_configured"),
  },
});

const status = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "How far the sync is",
  middleware: [requires("sync:manage")],
  responses: { 200: json(SyncStatusOutput, "Jobs by status, and whether the channel works"), ...problems(...access) },
});

const resumeSync = createRoute({
  method: "post",
  path: "/resume",
  tags,
  summary: "Go on after a pause without waiting for the next probe",
  middleware: [requires("sync:manage")],
  responses: {
    200: json(SyncStatusOutput, "As it is now"),
    ...problems(...access, "stripe_not_configured"),
  },
});

const stripeEvent = createRoute({
  method: "post",
  path: "/webhook",
  tags,
  summary: "Where Stripe sends its events",
  description: "Verified by the `Stripe-Signature` header. Each event takes effect once, however often it is sent.",
  security: [],
  // Documented by hand, like the body below: a request without it is refused like one with a wrong signature.
  parameters: [{ name: "Stripe-Signature", in: "header", required: true, schema: { type: "string" } }],
  request: {
    // By reference: the route's own validation would read the body before its signature is checked.
    body: {
      required: true,
      content: { "application/json": { schema: { $ref: "#/components/schemas/StripeEventInput" } } },
    },
  },
  responses: {
    200: json(StripeEventOutput, "Taken, or known already"),
    ...problems("stripe_signature_invalid", "payload_too_large", "stripe_not_configured"),
  },
});

export const customerSyncRoutes = new OpenAPIHono<AppEnv>().openapi(syncOne, async (c) =>
  c.json({ delivery: await requestSync(c.get("ctx"), c.req.valid("param").id) }, 202),
);

export const syncRoutes = new OpenAPIHono<AppEnv>()
  .openapi(status, async (c) => c.json(await syncStatus(c.get("ctx")), 200))
  .openapi(syncMany, async (c) => c.json(await requestSyncs(c.get("ctx"), c.req.valid("json")), 202))
  .openapi(resumeSync, async (c) => {
    const ctx = c.get("ctx");
    requireStripe(ctx);
    await resume(ctx, "stripe");
    return c.json(await syncStatus(ctx), 200);
  });

/** Not signed in: the signature says who it is from. The raw body is read here, before anything could rewrite it. */
export const stripeRoutes = new OpenAPIHono<AppEnv>().openapi(stripeEvent, async (c) => {
  const body = new TextDecoder().decode(await readBody(c.req.raw, JSON_BODY_LIMIT));
  await receiveEvent(c.get("ctx"), body, c.req.header("stripe-signature"));
  return c.json({ received: true as const }, 200);
});
stripeRoutes.openAPIRegistry.register("StripeEventInput", StripeEventInput);
