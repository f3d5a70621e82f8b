import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { listPushLogs } from "./logs.ts";
import {
  PushLogListOutput,
  PushLogListQuery,
  PushTestOutput,
  SubscribeInput,
  SubscriptionListOutput,
  SubscriptionOutput,
  VapidPublicKeyOutput,
} from "./schemas.ts";
import { listSubscriptions, subscribe, unsubscribe } from "./subscriptions.ts";
import { tryOutPush } from "./try-out.ts";

const tags = ["Push"];

const publicKey = createRoute({
  method: "get",
  path: "/vapid-public-key",
  tags,
  summary: "The key that a browser needs to subscribe",
  middleware: [requires(null)],
  responses: {
    200: json(VapidPublicKeyOutput, "`applicationServerKey` of `PushManager.subscribe()`"),
    ...problems("unauthorized"),
  },
});

const list = createRoute({
  method: "get",
  path: "/subscriptions",
  tags,
  summary: "My devices",
  middleware: [requires(null)],
  responses: { 200: json(SubscriptionListOutput, "At most ten"), ...problems("unauthorized") },
});

const create = createRoute({
  method: "post",
  path: "/subscriptions",
  tags,
  summary: "Register this device, or renew it",
  description: "The endpoint moves to the sender; of more than ten devices the longest unused leaves.",
  middleware: [requires(null), jsonBody],
  request: { body: jsonRequest(SubscribeInput) },
  responses: {
    201: json(SubscriptionOutput, "Registered"),
    ...problems(
      "invalid_json",
      "validation_failed",
      "unauthorized",
      "unsupported_media_type",
      "push_service_not_allowed",
    ),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/subscriptions/{id}",
  tags,
  summary: "Remove one of my devices",
  middleware: [requires(null)],
  request: { params: IdParam },
  responses: {
    204: { description: "Removed" },
    ...problems("validation_failed", "unauthorized", "subscription_not_found"),
  },
});

const test = createRoute({
  method: "post",
  path: "/test",
  tags,
  summary: "Send a test notification to my devices",
  middleware: [requires(null)],
  responses: { 200: json(PushTestOutput, "How each device fared"), ...problems("unauthorized") },
});

const logs = createRoute({
  method: "get",
  path: "/logs",
  tags,
  summary: "What became of pushes, per device",
  middleware: [requires("deliveries:read")],
  request: { query: PushLogListQuery },
  responses: {
    200: json(PushLogListOutput, "A page, newest first"),
    ...problems("validation_failed", "invalid_cursor", "unauthorized", "forbidden"),
  },
});

export const pushRoutes = new OpenAPIHono<AppEnv>()
  .openapi(publicKey, (c) => c.json({ public_key: c.get("ctx").env.VAPID_PUBLIC_KEY }, 200))
  .openapi(list, async (c) => c.json(await listSubscriptions(c.get("actorCtx")), 200))
  .openapi(create, async (c) => c.json({ subscription: await subscribe(c.get("actorCtx"), c.req.valid("json")) }, 201))
  .openapi(remove, async (c) => {
    await unsubscribe(c.get("actorCtx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(test, async (c) => c.json(await tryOutPush(c.get("actorCtx")), 200))
  .openapi(logs, async (c) => {
    const page = await listPushLogs(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  });
