import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { requires } from "../auth/guard.ts";
import { SignedInUser } from "../auth/schemas.ts";
import type { AppEnv } from "../context.ts";
import { json, problems } from "../http/schemas.ts";

const me = createRoute({
  method: "get",
  path: "/",
  tags: ["People"],
  summary: "Who I am",
  middleware: [requires(null)],
  responses: {
    200: json(z.object({ user: SignedInUser }).openapi("MeOutput"), "The signed-in user"),
    ...problems("unauthorized"),
  },
});

export const meRoutes = new OpenAPIHono<AppEnv>().openapi(me, (c) =>
  c.json({ user: SignedInUser.parse(c.get("actorCtx").actor) }, 200),
);
