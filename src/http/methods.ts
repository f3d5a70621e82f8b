import type { Hono } from "hono";
import type { AppEnv } from "../context.ts";

/**
 * Which methods a path answers, for 405 and OPTIONS. Empty for an unknown path.
 * Compiled from the routes themselves, so it cannot fall behind them.
 */
export function methodTable(app: Hono<AppEnv>): (path: string) => string[] {
  const routes = app.routes
    .filter((route) => route.method !== "ALL")
    .map((route) => ({
      method: route.method,
      pattern: new RegExp(`^${route.path.replace(/[.]/g, "\\.").replace(/:\w+(\{[^}]*\})?/g, "[^/]+")}$`),
    }));
  return (path) => {
    const methods = new Set(routes.filter((route) => route.pattern.test(path)).map((route) => route.method));
    if (methods.has("GET")) methods.add("HEAD");
    if (methods.size > 0) methods.add("OPTIONS");
    return [...methods].sort();
  };
}
