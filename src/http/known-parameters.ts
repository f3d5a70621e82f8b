import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { AppError } from "../problem.ts";

/** How many characters of an unknown name the answer repeats. */
const NAME_LENGTH = 50;

/**
 * Refuses query parameters that the route does not have: one that is passed over in silence (a misspelt filter, say)
 * would answer another question than the one that was asked.
 *
 * @param known every query parameter of the route.
 * @throws AppError `unknown_parameter`.
 */
export const knownParameters = (known: string[]) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const unknown = Object.keys(c.req.queries()).filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      const errors = unknown.map((name) => ({ path: name.slice(0, NAME_LENGTH), message: "is not known here" }));
      const params = { known: known.join(", ") || "–" };
      throw new AppError("unknown_parameter", { params, errors, members: { known } });
    }
    await next();
  });
