import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { createWebhook, deleteWebhook, listWebhooks, rotateSecret, updateWebhook } from "./endpoints.ts";
import {
  CreateWebhookInput,
  UpdateWebhookInput,
  WebhookListOutput,
  WebhookOutput,
  WebhookTestOutput,
  WebhookWithSecretOutput,
} from "./schemas.ts";
import { tryOutWebhook } from "./try-out.ts";

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "Webhooks",
  operationId: "listWebhooks",
  summary: "List webhook endpoints",
  description: "Without their secrets.",
  permission: "webhooks:manage",
  query: z.object(pageQuery),
  answers: { 200: json(WebhookListOutput, "A page") },
});

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "Webhooks",
  operationId: "createWebhook",
  summary: "Add a webhook endpoint",
  description:
    "Events are POSTed as `{id, type, timestamp, data}` and signed by Standard Webhooks. Any 2xx within 15 s counts.",
  permission: "webhooks:manage",
  body: CreateWebhookInput,
  idempotent: true,
  answers: { 201: json(WebhookWithSecretOutput, "Added, with its secret") },
  problems: ["target_not_allowed", "too_many"],
});

const update = defineRoute({
  method: "patch",
  path: "/{id}",
  tag: "Webhooks",
  operationId: "updateWebhook",
  summary: "Change a webhook endpoint",
  description: "Only the members that are sent change. `active: true` clears what had switched the endpoint off.",
  permission: "webhooks:manage",
  params: IdParam,
  body: UpdateWebhookInput,
  idempotent: true,
  answers: { 200: json(WebhookOutput, "Changed") },
  problems: ["target_not_allowed", "webhook_not_found"],
});

const remove = defineRoute({
  method: "delete",
  path: "/{id}",
  tag: "Webhooks",
  operationId: "deleteWebhook",
  summary: "Remove a webhook endpoint",
  description: "Nothing more is sent to it.",
  permission: "webhooks:manage",
  params: IdParam,
  answers: { 204: { description: "Removed" } },
  problems: ["webhook_not_found"],
});

const rotate = defineRoute({
  method: "post",
  path: "/{id}/rotate-secret",
  tag: "Webhooks",
  operationId: "rotateWebhookSecret",
  summary: "Give an endpoint a new secret",
  description: "Old and new both sign for 24 hours.",
  permission: "webhooks:manage",
  params: IdParam,
  idempotent: true,
  answers: { 200: json(WebhookWithSecretOutput, "The new secret") },
  problems: ["webhook_not_found"],
});

const test = defineRoute({
  method: "post",
  path: "/{id}/test",
  tag: "Webhooks",
  operationId: "testWebhook",
  summary: "Send a test event now",
  description:
    "Waits for the endpoint's answer, at most 15 s, and tells it. Works also while the endpoint is switched off.",
  permission: "webhooks:manage",
  params: IdParam,
  idempotent: true,
  answers: { 200: json(WebhookTestOutput, "What the endpoint answered") },
  problems: ["webhook_not_found"],
});

export const webhookRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listWebhooks(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const answer = await createWebhook(c.get("actorCtx"), input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof WebhookWithSecretOutput>, 201>(c, answer);
  })
  .openapi(update, async (c) => {
    const input = c.req.valid("json");
    const { id } = c.req.valid("param");
    const answer = await updateWebhook(c.get("actorCtx"), id, input, idempotencyRecord(c, input));
    return sendAnswer<z.output<typeof WebhookOutput>, 200>(c, answer);
  })
  .openapi(remove, async (c) => {
    await deleteWebhook(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(rotate, async (c) => {
    const answer = await rotateSecret(c.get("actorCtx"), c.req.valid("param").id, idempotencyRecord(c, null));
    return sendAnswer<z.output<typeof WebhookWithSecretOutput>, 200>(c, answer);
  })
  .openapi(test, async (c) => {
    const answer = await tryOutWebhook(c.get("actorCtx"), c.req.valid("param").id, idempotencyRecord(c, null));
    return sendAnswer<z.output<typeof WebhookTestOutput>, 200>(c, answer);
  });
