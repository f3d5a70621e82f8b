import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendConditional } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { listChanges } from "./changes.ts";
import { CHANGES_KEPT } from "./forget.ts";
import { ChangesOutput, ChangesQuery } from "./schemas.ts";

const changes = defineRoute({
  method: "get",
  path: "/",
  tag: "Changes",
  operationId: "listChanges",
  summary: "What has changed since I last asked",
  description:
    "For whoever keeps a copy: tickets with their timelines, machines, and people who can be given tickets, each once and as " +
    "it is now; what is deleted is `gone`. The `ETag` is `next_cursor` in quotes: asked with `If-None-Match`, nothing new is " +
    `304. The last ${CHANGES_KEPT.toLocaleString("en")} changes are kept: a cursor from before them is \`invalid_cursor\`, ` +
    "and the copy is made anew.",
  permission: "tickets:read",
  query: ChangesQuery,
  conditional: true,
  answers: { 200: json(ChangesOutput, "What has changed") },
});

export const changeRoutes = new OpenAPIHono<AppEnv>().openapi(changes, async (c) => {
  const page = await listChanges(c.get("ctx"), c.req.valid("query"));
  const headers = { etag: `"${page.next_cursor}"`, ...linkHeader(c.req.url, page.next_cursor) };
  return sendConditional<ChangesOutput>(c, JSON.stringify(page), headers);
});
