import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import type { AppEnv } from "../context.ts";
import { json, problems } from "../http/schemas.ts";
import { StatsOutput, StatsQuery } from "./schemas.ts";
import { computeStats } from "./stats.ts";

const read = createRoute({
  method: "get",
  path: "/",
  tags: ["Figures"],
  summary: "Figures of a period: open work, response and repair times, downtime",
  description: "Each figure is defined in docs/stats.md.",
  middleware: [requires("stats:read")],
  request: { query: StatsQuery },
  responses: {
    200: json(StatsOutput, "The figures"),
    ...problems("validation_failed", "unauthorized", "forbidden"),
  },
});

export const statsRoutes = new OpenAPIHono<AppEnv>().openapi(read, async (c) =>
  c.json({ stats: await computeStats(c.get("ctx"), c.req.valid("query")) }, 200),
);
