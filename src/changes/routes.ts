import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { sendConditional } from "../http/answer.ts";
import { linkHeader } from "../http/cursor.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { bootstrap } from "./bootstrap.ts";
import { listChanges } from "./changes.ts";
import { CHANGES_KEPT } from "./forget.ts";
import { BootstrapOutput, ChangesOutput, ChangesQuery } from "./schemas.ts";

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

const start = defineRoute({
  method: "get",
  path: "/bootstrap",
  tag: "Changes",
  operationId: "getBootstrap",
  summary: "All that a phone begins with, in one request",
  description:
    "Who I am and what I may do, my open work and what I reported last, machines, people, and the cursor from which " +
    "`GET /api/changes` goes on.",
  permission: "tickets:read",
  by: "person",
  answers: { 200: json(BootstrapOutput, "What there is now") },
});

export const changeRoutes = new OpenAPIHono<AppEnv>().openapi(changes, async (c) => {
  const page = await listChanges(c.get("ctx"), c.req.valid("query"));
  const headers = { etag: `"${page.next_cursor}"`, ...linkHeader(c.req.url, page.next_cursor) };
  return sendConditional<ChangesOutput>(c, JSON.stringify(page), headers);
});

/** Mounted below /me. */
export const bootstrapRoutes = new OpenAPIHono<AppEnv>().openapi(start, async (c) =>
  c.json(await bootstrap(c.get("actorCtx")), 200),
);
