import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
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

const tags = ["Deliveries"];

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List deliveries, newest first",
  middleware: [requires("deliveries:read")],
  request: { query: DeliveryListQuery },
  responses: {
    200: json(DeliveryListOutput, "A page"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "forbidden"),
  },
});

const health = createRoute({
  method: "get",
  path: "/health",
  tags,
  summary: "How the outbox is doing",
  middleware: [requires("deliveries:read")],
  responses: {
    200: json(DeliveryHealthOutput, "Counts by status and channel"),
    ...problems("unauthorized", "forbidden"),
  },
});

const get = createRoute({
  method: "get",
  path: "/{id}",
  tags,
  summary: "One delivery with its tries",
  middleware: [requires("deliveries:read")],
  request: { params: IdParam },
  responses: {
    200: json(DeliveryOutput, "The delivery"),
    ...problems("validation_failed", "unauthorized", "forbidden", "delivery_not_found"),
  },
});

const retry = createRoute({
  method: "post",
  path: "/{id}/retry",
  tags,
  summary: "Send a delivery once more, now",
  description: "Under the same id: a receiver that already has it can drop it.",
  middleware: [requires("deliveries:retry")],
  request: { params: IdParam },
  responses: {
    202: json(RetriedDeliveryOutput, "On its way"),
    ...problems("validation_failed", "unauthorized", "forbidden", "delivery_not_found", "delivery_in_progress"),
  },
});

const cleanup = createRoute({
  method: "post",
  path: "/cleanup",
  tags,
  summary: "Remove old deliveries",
  description: "Completed ones go after 30 days without being asked.",
  middleware: [requires("deliveries:cleanup"), jsonBody],
  request: { body: jsonRequest(CleanupInput) },
  responses: {
    200: json(CleanupOutput, "What was removed"),
    ...problems("invalid_json", "validation_failed", "unauthorized", "forbidden", "unsupported_media_type"),
  },
});

export const deliveryRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listDeliveries(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(health, async (c) => c.json(await deliveryHealth(c.get("ctx")), 200))
  .openapi(get, async (c) => c.json({ delivery: await getDelivery(c.get("ctx"), c.req.valid("param").id) }, 200))
  .openapi(retry, async (c) => c.json({ delivery: await retryDelivery(c.get("ctx"), c.req.valid("param").id) }, 202))
  .openapi(cleanup, async (c) => c.json(await cleanUp(c.get("ctx"), c.req.valid("json")), 200));
