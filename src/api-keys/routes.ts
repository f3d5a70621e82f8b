import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendAnswer } from "../http/answer.ts";
import { linkHeader, pageQuery } from "../http/cursor.ts";
import { idempotencyRecord } from "../http/idempotency.ts";
import { IdParam } from "../http/schemas.ts";
import { unsealed } from "../http/sealed.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { createApiKey, deleteApiKey, listApiKeys } from "./api-keys.ts";
import { ApiKeyListOutput, CreateApiKeyInput, CreatedApiKeyOutput } from "./schemas.ts";

const list = defineRoute({
  method: "get",
  path: "/",
  tag: "People",
  operationId: "listApiKeys",
  summary: "List API keys",
  description: "Without the keys themselves, which are known to nobody but their holders.",
  permission: "api_keys:manage",
  query: z.object(pageQuery),
  answers: { 200: json(ApiKeyListOutput, "A page") },
});

const create = defineRoute({
  method: "post",
  path: "/",
  tag: "People",
  operationId: "createApiKey",
  summary: "Make an API key for an integration",
  description:
    "It acts for the person it is made for, with that person's role at the time of each request, until it expires or that person is disabled.",
  permission: "api_keys:manage",
  by: "person",
  body: CreateApiKeyInput,
  idempotent: true,
  answers: { 201: json(CreatedApiKeyOutput, "Made. The key itself is shown this once.") },
  problems: ["user_not_found", "too_many"],
});

const remove = defineRoute({
  method: "delete",
  path: "/{id}",
  tag: "People",
  operationId: "deleteApiKey",
  summary: "End an API key",
  description: "At once, and for good.",
  permission: "api_keys:manage",
  by: "person",
  params: IdParam,
  answers: { 204: { description: "Ended" } },
  problems: ["api_key_not_found"],
});

export const apiKeyRoutes = new OpenAPIHono<AppEnv>()
  .openapi(list, async (c) => {
    const page = await listApiKeys(c.get("ctx"), c.req.valid("query"));
    return c.json(page, 200, linkHeader(c.req.url, page.next_cursor));
  })
  .openapi(create, async (c) => {
    const input = c.req.valid("json");
    const ctx = c.get("actorCtx");
    const answer = await createApiKey(ctx, input, idempotencyRecord(c, input));
    const shown = await unsealed(ctx.env, answer, "api_key", "key");
    return sendAnswer<z.output<typeof CreatedApiKeyOutput>, 201>(c, shown);
  })
  .openapi(remove, async (c) => {
    await deleteApiKey(c.get("ctx"), c.req.valid("param").id);
    return c.body(null, 204);
  });
