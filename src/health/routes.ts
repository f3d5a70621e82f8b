import { OpenAPIHono, z } from "@hono/zod-openapi";
import packageJson from "../../package.json" with { type: "json" };
import type { AppEnv } from "../context.ts";
import { json } from "../openapi/answers.ts";
import { defineRoute } from "../route.ts";

const health = defineRoute({
  method: "get",
  path: "/",
  tag: "Service",
  operationId: "getHealth",
  summary: "Whether the service is up, and which version",
  description: "Answers without asking the database: for load balancers and monitors.",
  permission: "public",
  answers: { 200: json(z.object({ status: z.literal("ok"), version: z.string() }).openapi("HealthOutput"), "Up") },
});

export const healthRoutes = new OpenAPIHono<AppEnv>().openapi(health, (c) =>
  c.json({ status: "ok" as const, version: packageJson.version }, 200),
);
