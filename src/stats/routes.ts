import { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../context.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";
import { StatsOutput, StatsQuery } from "./schemas.ts";
import { computeStats } from "./stats.ts";

const read = defineRoute({
  method: "get",
  path: "/",
  tag: "Figures",
  operationId: "getStats",
  summary: "Figures of a period: open work, response and repair times, downtime",
  description: "Each figure is defined in docs/stats.md.",
  permission: "stats:read",
  query: StatsQuery,
  answers: { 200: json(StatsOutput, "The figures") },
});

export const statsRoutes = new OpenAPIHono<AppEnv>().openapi(read, async (c) =>
  c.json({ stats: await computeStats(c.get("ctx"), c.req.valid("query")) }, 200),
);
