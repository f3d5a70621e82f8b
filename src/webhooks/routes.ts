import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
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

const tags = ["Webhooks"];
const access = ["unauthorized", "forbidden"] as const;
const writing = ["invalid_json", "validation_failed", "unsupported_media_type", "target_not_allowed"] as const;

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List webhook endpoints",
  middleware: [requires("webhooks:manage")],
  request: { query: z.object(pageQuery) },
  responses: { 200: json(WebhookListOutput, "A page"), ...problems("invalid_cursor", ...access) },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Add a webhook endpoint",
  description:
    "Events are POSTed as `{id, type, timestamp, data}` and signed by Standard Webhooks. Any 2xx within 15 s counts.",
  middleware: [requires("webhooks:manage"), jsonBody],
  request: { body: jsonRequest(CreateWebhookInput) },
  responses: { 201: json(WebhookWithSecretOutput, "Added, with its secret"), ...problems(...writing, ...access) },
});

const update = createRoute({
  method: "patch",
  path: "/{id}",
  tags,
  summary: "Change a webhook endpoint",
  middleware: [requires("webhooks:manage"), jsonBody],
  request: { params: IdParam, body: jsonRequest(UpdateWebhookInput) },
  responses: { 200: json(WebhookOutput, "Changed"), ...problems(...writing, ...access, "webhook_not_found") },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "Remove a webhook endpoint",
  middleware: [requires("webhooks:manage")],
  request: { params: IdParam },
  responses: { 204: { description: "Removed" }, ...problems(...access, "webhook_not_found") },
});

const rotate = createRoute({
  method: "post",
  path: "/{id}/rotate-secret",
  tags,
  summary: "Give an endpoint a new secret",
  description: "Old and new both sign for 24 hours.",
  middleware: [requires("webhooks:manage")],
  request: { params: IdParam },
  responses: { 200: json(WebhookWithSecretOutput, "The new secret"), ...problems(...access, "webhook_not_found") },
});

const test = createRoute({
  method: "post",
  path: "/{id}/test",
  tags,
  summary: "Send a test event now",
  middleware: [requires("webhooks:manage")],
  request: { params: IdParam },
  responses: {
    200: json(WebhookTestOutput, "What the endpoint answered"),
    ...problems(...access, "webhook_not_found"),
  },
});

export const webhookRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listWebhooks(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => c.json({ webhook: await createWebhook(c.get("ctx"), c.req.valid("json")) }, 201))
  .openapi(update, async (c) =>
    c.json({ webhook: await updateWebhook(c.get("ctx"), c.req.valid("param").id, c.req.valid("json")) }, 200),
  )
  .openapi(remove, async (c) => {
    await deleteWebhook(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(rotate, async (c) => c.json({ webhook: await rotateSecret(c.get("ctx"), c.req.valid("param").id) }, 200))
  .openapi(test, async (c) => c.json(await tryOutWebhook(c.get("ctx"), c.req.valid("param").id), 200));
