import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
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

const publicKey = defineRoute({
  method: "get",
  path: "/vapid-public-key",
  tag: "Push",
  operationId: "getVapidPublicKey",
  summary: "The key that a browser needs to subscribe",
  description: "It is the same for all, and changes only with the installation's keys (RFC 8292).",
  permission: "signed-in",
  answers: { 200: json(VapidPublicKeyOutput, "`applicationServerKey` of `PushManager.subscribe()`") },
});

const list = defineRoute({
  method: "get",
  path: "/subscriptions",
  tag: "Push",
  operationId: "listPushSubscriptions",
  summary: "My devices",
  description: "Those of whoever asks.",
  permission: "signed-in",
  answers: { 200: json(SubscriptionListOutput, "At most ten") },
});

const create = defineRoute({
  method: "post",
  path: "/subscriptions",
  tag: "Push",
  operationId: "createPushSubscription",
  summary: "Register this device, or renew it",
  description:
    "The endpoint moves to the sender; of more than ten devices the longest unused leaves. When the push service has ended " +
    "the subscription, the device must unsubscribe and subscribe anew.",
  permission: "signed-in",
  body: SubscribeInput,
  idempotent: true,
  answers: { 201: json(SubscriptionOutput, "Registered") },
  problems: ["push_service_not_allowed", "subscription_keys_invalid", "subscription_expired"],
});

const remove = defineRoute({
  method: "delete",
  path: "/subscriptions/{id}",
  tag: "Push",
  operationId: "deletePushSubscription",
  summary: "Remove one of my devices",
  description: "It gets no more pushes. Other people's devices are not found.",
  permission: "signed-in",
  params: IdParam,
  answers: { 204: { description: "Removed" } },
  problems: ["subscription_not_found"],
});

const test = defineRoute({
  method: "post",
  path: "/test",
  tag: "Push",
  operationId: "testPush",
  summary: "Send a test notification to my devices",
  description:
    "Waits for the push services, and tells what each said. A device that a service declares dead is removed.",
  permission: "signed-in",
  idempotent: true,
  answers: { 200: json(PushTestOutput, "How each device fared") },
});

const logs = defineRoute({
  method: "get",
  path: "/logs",
  tag: "Push",
  operationId: "listPushLogs",
  summary: "What became of pushes, per device",
  description: "One entry for each try and device.",
  permission: "deliveries:read",
  query: PushLogListQuery,
  answers: { 200: json(PushLogListOutput, "A page, newest first") },
});

export const pushRoutes = new OpenAPIHono<AppEnv>()
  .openapi(publicKey, (c) => c.json({ public_key: c.get("ctx").env.VAPID_PUBLIC_KEY }, 200))
  .openapi(list, async (c) => c.json(await listSubscriptions(c.get("actorCtx")), 200))
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const answer = await subscribe(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof SubscriptionOutput>, 201>(c, answer);
  })
  .openapi(remove, async (c) => {
    await unsubscribe(c.get("actorCtx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(test, async (c) => {
    const answer = await tryOutPush(c.get("actorCtx"), idempotencyRecord(c, null));
    return sendAnswer<z.output<typeof PushTestOutput>, 200>(c, answer);
  })
  .openapi(logs, async (c) => {
    const page = await listPushLogs(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  });
