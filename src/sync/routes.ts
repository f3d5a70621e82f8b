import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { readBody } from "../http/body.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { JSON_BODY_LIMIT } from "../http/json-body.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { receiveEvent } from "./events.ts";
import { requestSync, requestSyncs } from "./request.ts";
import {
  StripeEventInput,
  StripeEventOutput,
  SyncCustomersInput,
  SyncCustomersOutput,
  SyncedCustomerOutput,
  SyncStatusOutput,
} from "./schemas.ts";
import { resumeSync, syncStatus } from "./status.ts";

const syncOne = defineRoute({
  method: "post",
  path: "/{id}/sync",
  tag: "Sync",
  operationId: "syncCustomer",
  summary: "Bring one customer at Stripe up to date",
  description: "One job for each customer: asking again while it waits or is under way brings that job up to date.",
  permission: "sync:manage",
  params: IdParam,
  idempotent: true,
  answers: { 202: json(SyncedCustomerOutput, "The customer's job") },
  problems: ["customer_unknown", "stripe_not_configured"],
});

const syncMany = defineRoute({
  method: "post",
  path: "/customers",
  tag: "Sync",
  operationId: "syncCustomers",
  summary: "Bring customers at Stripe up to date",
  description:
    "Those named, or all who are in use; customers who are gone here and still at Stripe are removed there. " +
    "Follow the progress at `GET /api/sync`.",
  permission: "sync:manage",
  body: SyncCustomersInput,
  idempotent: true,
  answers: { 202: json(SyncCustomersOutput, "On their way") },
  problems: ["stripe_not_configured"],
});

const status = defineRoute({
  method: "get",
  path: "/",
  tag: "Sync",
  operationId: "getSyncStatus",
  summary: "How far the sync is",
  description: "Works also when Stripe is not set up; then `configured` is false.",
  permission: "sync:manage",
  answers: { 200: json(SyncStatusOutput, "Jobs by status, and whether the channel works") },
});

const resuming = defineRoute({
  method: "post",
  path: "/resume",
  tag: "Sync",
  operationId: "resumeSync",
  summary: "Go on after a pause without waiting for the next probe",
  description: "For when the key at Stripe has been put right.",
  permission: "sync:manage",
  idempotent: true,
  answers: { 200: json(SyncStatusOutput, "As it is now") },
  problems: ["stripe_not_configured"],
});

const stripeEvent = defineRoute({
  method: "post",
  path: "/webhook",
  tag: "Sync",
  operationId: "receiveStripeEvent",
  summary: "Where Stripe sends its events",
  description: "Verified by the `Stripe-Signature` header. Each event takes effect once, however often it is sent.",
  permission: "public",
  // A request without it is refused like one with a wrong signature.
  headers: [{ name: "Stripe-Signature", description: "Stripe's signature of the body.", required: true }],
  // By reference: the route's own validation would read the body before its signature is checked.
  rawBody: { "application/json": { schema: { $ref: "#/components/schemas/StripeEventInput" } } },
  answers: { 200: json(StripeEventOutput, "Taken, or known already") },
  problems: ["stripe_signature_invalid", "database_unavailable", "stripe_not_configured"],
});

export const customerSyncRoutes = new OpenAPIHono<AppEnv>().openapi(syncOne, async (c) =>
  sendAnswer<z.output<typeof SyncedCustomerOutput>, 202>(
    c,
    await requestSync(c.get("actorCtx"), c.req.valid("param").id, idempotencyRecord(c, null)),
  ),
);

export const syncRoutes = new OpenAPIHono<AppEnv>()
  .openapi(status, async (c) => sendAnswer<z.output<typeof SyncStatusOutput>, 200>(c, await syncStatus(c.get("ctx"))))
  .openapi(syncMany, async (c) => {
    const input = c.req.valid("json");
    const answer = await requestSyncs(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof SyncCustomersOutput>, 202>(c, answer);
  })
  .openapi(resuming, async (c) => {
    const answer = await resumeSync(c.get("actorCtx"), idempotencyRecord(c, null));
    return sendAnswer<z.output<typeof SyncStatusOutput>, 200>(c, answer);
  });

/** Not signed in: the signature says who it is from. The raw body is read here, before anything could rewrite it. */
export const stripeRoutes = new OpenAPIHono<AppEnv>().openapi(stripeEvent, async (c) => {
  const body = new TextDecoder().decode(await readBody(c.req.raw, JSON_BODY_LIMIT));
  await receiveEvent(c.get("ctx"), body, c.req.header("stripe-signature"));
  return c.json({ received: true as const }, 200);
});
stripeRoutes.openAPIRegistry.register("StripeEventInput", StripeEventInput);
