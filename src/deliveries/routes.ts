import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { cleanUp } from "./cleanup.ts";
import { deliveryHealth } from "./health.ts";
import { getDelivery, listDeliveries, retryDelivery } from "./read.ts";
import {
  CleanupInput,
  CleanupOutput,
  DeliveryHealthOutput,
  DeliveryListOutput,
  DeliveryListQuery,
  DeliveryOutput,
  RetriedDeliveryOutput,
} from "./schemas.ts";

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "Deliveries",
  operationId: "listDeliveries",
  summary: "List deliveries, newest first",
  description: "Pushes, webhooks, e-mails and customers for Stripe. Of one ticket with `ticket`.",
  permission: "deliveries:read",
  query: DeliveryListQuery,
  answers: { 200: json(DeliveryListOutput, "A page") },
});

const health = defineRoute({
  method: "get",
  path: "/health",
  tag: "Deliveries",
  operationId: "getDeliveryHealth",
  summary: "How the outbox is doing",
  description: "For monitors: what waits, what is stuck, and which channels are paused.",
  permission: "deliveries:read",
  answers: { 200: json(DeliveryHealthOutput, "Counts by status and channel") },
});

const get = defineRoute({
  method: "get",
  path: "/{id}",
  tag: "Deliveries",
  operationId: "getDelivery",
  summary: "One delivery with its tries",
  description: "With what was, or will be, sent.",
  permission: "deliveries:read",
  params: IdParam,
  answers: { 200: json(DeliveryOutput, "The delivery") },
  problems: ["delivery_not_found"],
});

const retry = defineRoute({
  method: "post",
  path: "/{id}/retry",
  tag: "Deliveries",
  operationId: "retryDelivery",
  summary: "Send a delivery once more, now",
  description: "Under the same id: a receiver that already has it can drop it.",
  permission: "deliveries:retry",
  params: IdParam,
  idempotent: true,
  answers: { 202: json(RetriedDeliveryOutput, "On its way") },
  problems: ["delivery_not_found", "delivery_in_progress"],
});

const cleanup = defineRoute({
  method: "post",
  path: "/cleanup",
  tag: "Deliveries",
  operationId: "cleanUpDeliveries",
  summary: "Remove old deliveries",
  description: "Completed ones go after 30 days without being asked.",
  permission: "deliveries:cleanup",
  body: CleanupInput,
  idempotent: true,
  answers: { 200: json(CleanupOutput, "What was removed") },
});

export const deliveryRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listDeliveries(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(health, async (c) => c.json(await deliveryHealth(c.get("ctx")), 200))
  .openapi(get, async (c) => c.json({ delivery: await getDelivery(c.get("ctx"), c.req.valid("param").id) }, 200))
  .openapi(retry, async (c) => {
    const answer = await retryDelivery(c.get("actorCtx"), c.req.valid("param").id, idempotencyRecord(c, null));
    return sendAnswer<z.output<typeof RetriedDeliveryOutput>, 202>(c, answer);
  })
  .openapi(cleanup, async (c) => {
    const input = c.req.valid("json");
    const answer = await cleanUp(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof CleanupOutput>, 200>(c, answer);
  });
