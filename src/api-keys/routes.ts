import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { jsonBody } from "../http/json-body.ts";
import { IdParam, json, jsonRequest, problems } from "../http/schemas.ts";
import { createApiKey, deleteApiKey, listApiKeys } from "./api-keys.ts";
import { ApiKeyListOutput, CreateApiKeyInput, CreatedApiKeyOutput } from "./schemas.ts";

const tags = ["People"];

const list = createRoute({
  method: "get",
  path: "/",
  tags,
  summary: "List API keys",
  middleware: [requires("api_keys:manage")],
  request: { query: z.object(pageQuery) },
  responses: { 200: json(ApiKeyListOutput, "A page"), ...problems("unauthorized", "forbidden") },
});

const create = createRoute({
  method: "post",
  path: "/",
  tags,
  summary: "Make an API key for an integration",
  middleware: [requires("api_keys:manage"), jsonBody],
  request: { body: jsonRequest(CreateApiKeyInput) },
  responses: {
    201: json(CreatedApiKeyOutput, "Made. The key itself is shown this once."),
    ...problems("invalid_json", "validation_failed", "unauthorized", "forbidden", "user_not_found"),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}",
  tags,
  summary: "End an API key",
  middleware: [requires("api_keys:manage")],
  request: { params: IdParam },
  responses: { 204: { description: "Ended" }, ...problems("unauthorized", "forbidden", "api_key_not_found") },
});

export const apiKeyRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listApiKeys(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const api_key = await createApiKey(c.get("ctx"), c.req.valid("json"));
    return c.json({ api_key }, 201);
  })
  .openapi(remove, async (c) => {
    await deleteApiKey(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  });
